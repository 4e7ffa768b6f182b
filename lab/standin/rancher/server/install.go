package main

import (
	"context"
	"encoding/base64"
	"net/http"

	"rancher-ha.test/standin/kube"
)

const (
	webhookName      = "rancher-webhook"
	extensionService = "imperative-api-extension"
	apiServices      = "/apis/apiregistration.k8s.io/v1/apiservices"
)

// installWebhook puts the admission webhook beside Rancher, as Rancher does with a chart of its own.
func (r *rancher) installWebhook(ctx context.Context) error {
	core, apps := "/api/v1/namespaces/"+r.config.namespace, "/apis/apps/v1/namespaces/"+r.config.namespace
	for _, part := range []struct {
		collection string
		object     kube.Object
	}{
		{core + "/serviceaccounts", r.webhookAccount()},
		{"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", r.webhookBinding()},
		{core + "/services", service(r.config.namespace, webhookName, map[string]any{"app": webhookName}, 443, 9443)},
		{apps + "/deployments", r.webhookDeployment()},
	} {
		if _, err := r.api.Ensure(ctx, part.collection, part.object); err != nil {
			return err
		}
	}
	if r.config.version.hasTurtles() {
		if err := r.installTurtles(ctx); err != nil {
			return err
		}
	}
	return r.moveWebhookImage(ctx, apps+"/deployments/"+webhookName)
}

// moveWebhookImage brings a webhook of another version to the image this one wants.
func (r *rancher) moveWebhookImage(ctx context.Context, path string) error {
	var found kube.Object
	if err := r.api.Get(ctx, path, &found); err != nil {
		return err
	}
	containers, _ := found.At("spec", "template", "spec", "containers").([]any)
	if len(containers) != 1 || containers[0].(map[string]any)["image"] == r.config.webhookImage {
		return nil
	}
	containers[0].(map[string]any)["image"] = r.config.webhookImage
	patch := map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": containers}}}}
	return r.api.Patch(ctx, path, patch, nil)
}

// installTurtles makes only the Service that stands for it.
func (r *rancher) installTurtles(ctx context.Context) error {
	const home = "cattle-capi-system"
	if err := r.ensureNamespace(ctx, home); err != nil {
		return err
	}
	selector := map[string]any{"cluster.x-k8s.io/provider": "cluster-api"}
	_, err := r.api.Ensure(ctx, "/api/v1/namespaces/"+home+"/services", service(home, "capi-webhook-service", selector, 443, 9443))
	return err
}

// registerExtension has the API server send ext.cattle.io/v1 to these replicas, in the versions that have it.
func (r *rancher) registerExtension(ctx context.Context) error {
	if !r.config.version.hasExtensionAPI() {
		return nil
	}
	authority, err := ensureAuthority(ctx, r.api, r.config.namespace, internalAuthority)
	if err != nil {
		return err
	}
	services := "/api/v1/namespaces/" + r.config.namespace + "/services"
	target := service(r.config.namespace, extensionService, map[string]any{"app": "rancher"}, 6666, 6666)
	if _, err := r.api.Ensure(ctx, services, target); err != nil {
		return err
	}
	spec := map[string]any{
		"group": "ext.cattle.io", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
		"caBundle": base64.StdEncoding.EncodeToString(authority.Certificate),
		"service":  map[string]any{"name": extensionService, "namespace": r.config.namespace, "port": 6666},
	}
	made, err := r.api.Ensure(ctx, apiServices, kube.Object{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": "v1.ext.cattle.io"}, "spec": spec,
	})
	if err != nil || made {
		return err
	}
	return r.api.Patch(ctx, apiServices+"/v1.ext.cattle.io", map[string]any{"spec": spec}, nil)
}

// extensionHandler answers discovery, which is what makes the APIService available.
func extensionHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /apis/ext.cattle.io/v1", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{
			"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "ext.cattle.io/v1", "resources": []any{},
		})
	})
	return mux
}

func service(namespace, name string, selector map[string]any, port, target int) kube.Object {
	return kube.Object{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{"name": name, "namespace": namespace},
		"spec": map[string]any{
			"selector": selector,
			"ports":    []any{map[string]any{"name": "https", "port": port, "targetPort": target, "protocol": "TCP"}},
		},
	}
}

func (r *rancher) webhookAccount() kube.Object {
	return kube.Object{
		"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": map[string]any{"name": webhookName, "namespace": r.config.namespace},
	}
}

func (r *rancher) webhookBinding() kube.Object {
	return kube.Object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
		"metadata": map[string]any{"name": webhookName},
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": webhookName, "namespace": r.config.namespace}},
	}
}

func (r *rancher) webhookDeployment() kube.Object {
	labels := map[string]any{"app": webhookName}
	probe := map[string]any{"httpGet": map[string]any{"path": "/healthz", "port": 9443, "scheme": "HTTPS"}, "periodSeconds": 5}
	container := map[string]any{
		"name": webhookName, "image": r.config.webhookImage, "imagePullPolicy": "IfNotPresent",
		"args":           []any{"webhook"},
		"env":            []any{map[string]any{"name": "CATTLE_NAMESPACE", "value": r.config.namespace}},
		"ports":          []any{map[string]any{"name": "https", "containerPort": 9443}},
		"readinessProbe": probe,
	}
	return kube.Object{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": webhookName, "namespace": r.config.namespace, "labels": labels},
		"spec": map[string]any{
			"replicas": 1, "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"serviceAccountName": webhookName, "containers": []any{container}},
			},
		},
	}
}
