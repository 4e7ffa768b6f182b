package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"rancher-ha.test/standin/kube"
)

const (
	provisioning = "/apis/provisioning.cattle.io/v1/namespaces/"
	fleet        = "fleet-default"
)

// createCluster stores a downstream cluster that will wait for its agents for ever; with a configuration of RKE it is
// one of the kind that Rancher 2.12 does not know any more.
func (r *rancher) createCluster(w http.ResponseWriter, request *http.Request, _ string) {
	var given struct {
		Name        string         `json:"name"`
		Description string         `json:"description"`
		RKE         map[string]any `json:"rancherKubernetesEngineConfig"`
	}
	if !read(w, request, &given) {
		return
	}
	if given.Name == "" {
		refuse(w, http.StatusUnprocessableEntity, "name is required")
		return
	}
	spec := map[string]any{"displayName": given.Name, "description": given.Description, "internal": false}
	if given.RKE != nil {
		spec["rancherKubernetesEngineConfig"] = given.RKE
	}
	created, err := r.newCluster(request.Context(), "c-"+randomName(), spec)
	if err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusCreated, showCluster(created))
}

// newCluster stores the object, the namespace of what belongs to it, and the token its agents would register with.
func (r *rancher) newCluster(ctx context.Context, name string, spec map[string]any) (kube.Object, error) {
	created := kube.Object{
		"apiVersion": "management.cattle.io/v3", "kind": "Cluster",
		"metadata": map[string]any{"name": name},
		"spec":     spec,
		"status":   map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "Unknown"}}},
	}
	if err := r.api.Create(ctx, management+"clusters", created, &created); err != nil {
		return nil, err
	}
	if err := r.ensureNamespace(ctx, name); err != nil {
		return nil, err
	}
	_, err := r.newRegistrationToken(ctx, name, "default-token")
	return created, err
}

// provisionCluster stores a cluster of the newer kind, in the namespace of Fleet, and the one it stands for.
func (r *rancher) provisionCluster(w http.ResponseWriter, request *http.Request, _ string) {
	var given kube.Object
	if !read(w, request, &given) {
		return
	}
	name := given.Name()
	if name == "" {
		refuse(w, http.StatusUnprocessableEntity, "metadata.name is required")
		return
	}
	ctx, manages := request.Context(), "c-m-"+randomName()
	stored := kube.Object{
		"apiVersion": "provisioning.cattle.io/v1", "kind": "Cluster",
		"metadata": map[string]any{"name": name, "namespace": fleet},
		"spec":     given.At("spec"), "status": map[string]any{"clusterName": manages},
	}
	if err := r.ensureNamespace(ctx, fleet); err != nil {
		refuseFor(w, err)
		return
	}
	if err := r.api.Create(ctx, provisioning+fleet+"/clusters", stored, &stored); err != nil {
		refuseFor(w, err)
		return
	}
	if _, err := r.newCluster(ctx, manages, map[string]any{"displayName": name, "internal": false}); err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusCreated, stored)
}

// deleteCluster takes the cluster with the namespace of what belongs to it.
func (r *rancher) deleteCluster(w http.ResponseWriter, request *http.Request, _ string) {
	ctx, id := request.Context(), request.PathValue("id")
	if err := r.api.Delete(ctx, management+"clusters/"+id); err != nil {
		refuseFor(w, err)
		return
	}
	if err := r.api.Delete(ctx, "/api/v1/namespaces/"+id); err != nil {
		refuseFor(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *rancher) listRegistrationTokens(w http.ResponseWriter, request *http.Request, _ string) {
	r.list(w, request, "clusterRegistrationToken", "clusterregistrationtokens", showRegistrationToken)
}

// createRegistrationToken gives a cluster another credential.
func (r *rancher) createRegistrationToken(w http.ResponseWriter, request *http.Request, _ string) {
	var given struct {
		ClusterID string `json:"clusterId"`
	}
	if !read(w, request, &given) {
		return
	}
	ctx := request.Context()
	if err := r.api.Get(ctx, management+"clusters/"+given.ClusterID, &kube.Object{}); err != nil || given.ClusterID == "" {
		refuse(w, http.StatusUnprocessableEntity, "clusterId names no cluster")
		return
	}
	created, err := r.newRegistrationToken(ctx, given.ClusterID, "crt-"+randomName())
	if err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusCreated, showRegistrationToken(created))
}

func (r *rancher) newRegistrationToken(ctx context.Context, cluster, name string) (kube.Object, error) {
	created := kube.Object{
		"apiVersion": "management.cattle.io/v3", "kind": "ClusterRegistrationToken",
		"metadata": map[string]any{"name": name, "namespace": cluster},
		"spec":     map[string]any{"clusterName": cluster},
		"status":   map[string]any{"token": strings.ToLower(rand.Text() + rand.Text())},
	}
	err := r.api.Create(ctx, management+"namespaces/"+cluster+"/clusterregistrationtokens", created, &created)
	return created, err
}

func showRegistrationToken(token kube.Object) map[string]any {
	return map[string]any{
		"id": token.Namespace() + ":" + token.Name(), "name": token.Name(), "type": "clusterRegistrationToken",
		"clusterId": token.Text("spec", "clusterName"), "token": token.Text("status", "token"), "state": "active",
	}
}

func (r *rancher) ensureNamespace(ctx context.Context, name string) error {
	_, err := r.api.Ensure(ctx, "/api/v1/namespaces", kube.Object{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	})
	return err
}

func randomName() string { return strings.ToLower(rand.Text()[:5]) }
