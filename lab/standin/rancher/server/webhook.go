package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"rancher-ha.test/standin/kube"
)

const (
	webhookConfiguration = "rancher.cattle.io"
	configurations       = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
)

// serveWebhook validates what is written to clusters and settings. It registers itself once it serves and keeps its
// registration right, also after the data under it were put back to an older state.
func serveWebhook(ctx context.Context, api *kube.Client, namespace string) error {
	var serving atomic.Pointer[tls.Certificate]
	authority, err := ensureAuthority(ctx, api, namespace, "cattle-webhook-ca")
	if err != nil {
		return err
	}
	if err := renew(&serving, authority, namespace); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", text("ok"))
	mux.HandleFunc("POST /v1/webhook/validation/", review)
	settings := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return serving.Load(), nil }}
	ended := make(chan error, 1)
	server := listen(":9443", mux, settings, ended)
	log.Print("[INFO] Listening on :9443")

	go keepRegistered(ctx, api, namespace, authority, &serving)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return shutDown([]*http.Server{server})
	}
}

func keepRegistered(ctx context.Context, api *kube.Client, namespace string, current kube.Pair, serving *atomic.Pointer[tls.Certificate]) {
	for {
		stored, err := ensureAuthority(ctx, api, namespace, "cattle-webhook-ca")
		if err == nil && string(stored.Certificate) != string(current.Certificate) {
			current = stored
			err = renew(serving, stored, namespace)
		}
		if err == nil {
			err = register(ctx, api, namespace, stored.Certificate)
		}
		if err != nil && ctx.Err() == nil {
			log.Printf("[ERROR] registering the webhook: %v", err)
		}
		if kube.Pause(ctx, 5*time.Second) != nil {
			return
		}
	}
}

func renew(serving *atomic.Pointer[tls.Certificate], authority kube.Pair, namespace string) error {
	pair, err := kube.Issue(authority, 365*24*time.Hour, webhookName+"."+namespace+".svc")
	if err != nil {
		return err
	}
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	serving.Store(&certificate)
	return err
}

func register(ctx context.Context, api *kube.Client, namespace string, authority []byte) error {
	wanted := registration(namespace, base64.StdEncoding.EncodeToString(authority))
	var found kube.Object
	err := api.Get(ctx, configurations+"/"+webhookConfiguration, &found)
	if kube.IsNotFound(err) {
		_, err = api.Ensure(ctx, configurations, wanted)
		return err
	}
	if err != nil || bundleOf(found) == bundleOf(wanted) {
		return err
	}
	return api.Patch(ctx, configurations+"/"+webhookConfiguration, map[string]any{"webhooks": wanted["webhooks"]}, nil)
}

func bundleOf(configuration kube.Object) any {
	webhooks, _ := configuration["webhooks"].([]any)
	if len(webhooks) == 0 {
		return nil
	}
	return kube.Object(webhooks[0].(map[string]any)).At("clientConfig", "caBundle")
}

func registration(namespace, bundle string) kube.Object {
	rule := map[string]any{
		"apiGroups": []any{"management.cattle.io"}, "apiVersions": []any{"v3"},
		"operations": []any{"CREATE", "UPDATE", "DELETE"}, "resources": []any{"clusters", "settings"}, "scope": "Cluster",
	}
	return kube.Object{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
		"metadata": map[string]any{"name": webhookConfiguration},
		"webhooks": []any{map[string]any{
			"name": "rancher.cattle.io.management.cattle.io", "admissionReviewVersions": []any{"v1"},
			"sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 10, "rules": []any{rule},
			"clientConfig": map[string]any{
				"caBundle": bundle,
				"service":  map[string]any{"name": webhookName, "namespace": namespace, "path": "/v1/webhook/validation/", "port": 443},
			},
		}},
	}
}

// review allows all but the end of the cluster Rancher runs on.
func review(w http.ResponseWriter, request *http.Request) {
	var asked kube.Object
	if !read(w, request, &asked) {
		return
	}
	verdict := map[string]any{"uid": asked.Text("request", "uid"), "allowed": true}
	isCluster := asked.Text("request", "resource", "resource") == "clusters"
	if isCluster && asked.Text("request", "operation") == "DELETE" && asked.Text("request", "name") == "local" {
		verdict["allowed"] = false
		verdict["status"] = map[string]any{"code": 400, "message": "local cluster may not be deleted"}
	}
	answer(w, http.StatusOK, map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": verdict})
}
