package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"strconv"
	"time"

	"rancher-ha.test/standin/kube"
)

// ensureLocalCluster makes the object of the cluster Rancher itself runs on.
func (r *rancher) ensureLocalCluster(ctx context.Context) error {
	_, err := r.api.Ensure(ctx, management+"clusters", kube.Object{
		"apiVersion": "management.cattle.io/v3", "kind": "Cluster",
		"metadata": map[string]any{"name": "local"},
		"spec":     map[string]any{"displayName": "local", "internal": true},
		"status": map[string]any{
			"driver":     "imported",
			"conditions": []any{map[string]any{"type": "Ready", "status": "True"}},
		},
	})
	return err
}

func showCluster(cluster kube.Object) map[string]any {
	state := "pending"
	if kube.HasCondition(cluster, "Ready") {
		state = "active"
	}
	return map[string]any{
		"id": cluster.Name(), "name": cluster.Text("spec", "displayName"), "type": "cluster", "baseType": "cluster",
		"description": cluster.Text("spec", "description"), "internal": cluster.At("spec", "internal") == true, "state": state,
		"uuid": cluster.Text("metadata", "uid"), "created": cluster.Text("metadata", "creationTimestamp"),
	}
}

func (r *rancher) listClusters(w http.ResponseWriter, request *http.Request, _ string) {
	r.list(w, request, "cluster", "clusters", showCluster)
}

func (r *rancher) showCluster(w http.ResponseWriter, request *http.Request, _ string) {
	var found kube.Object
	if err := r.api.Get(request.Context(), management+"clusters/"+request.PathValue("id"), &found); err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusOK, showCluster(found))
}

// scale keeps as many replicas as there are ready nodes, up to what the chart's negative `replicas` allows.
func (r *rancher) scale(ctx context.Context) {
	for kube.Pause(ctx, 15*time.Second) == nil {
		if err := r.scaleOnce(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.Printf("[WARNING] scaling: %v", err)
		}
	}
}

func (r *rancher) scaleOnce(ctx context.Context) error {
	path := "/apis/apps/v1/namespaces/" + r.config.namespace + "/deployments/rancher"
	var deployment kube.Object
	if err := r.api.Get(ctx, path, &deployment); err != nil {
		return err
	}
	most, err := strconv.Atoi(deployment.Text("metadata", "annotations", "management.cattle.io/scale-available"))
	if err != nil || most < 1 {
		return nil // the chart gave a number of replicas
	}
	var nodes kube.List
	if err := r.api.Get(ctx, "/api/v1/nodes", &nodes); err != nil {
		return err
	}
	ready := 0
	for _, node := range nodes.Items {
		if kube.HasCondition(node, "Ready") {
			ready++
		}
	}
	wanted := min(most, ready)
	if current, _ := deployment.At("spec", "replicas").(float64); wanted < 1 || int(current) == wanted {
		return nil
	}
	return r.api.Patch(ctx, path, map[string]any{"spec": map[string]any{"replicas": wanted}}, nil)
}
