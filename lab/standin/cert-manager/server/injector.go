package main

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"rancher-ha.test/standin/kube"
)

const (
	configurations   = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
	injectAnnotation = "cert-manager.io/inject-ca-from-secret"
)

// injector puts a Secret's ca.crt into the webhook registrations that ask for it, some time after it could have.
type injector struct {
	api   *kube.Client
	late  time.Duration
	since map[string]time.Time
}

func newInjector(api *kube.Client, late time.Duration) *injector {
	return &injector{api: api, late: late, since: map[string]time.Time{}}
}

func (i *injector) reconcile(ctx context.Context) error {
	var found kube.List
	if err := i.api.Get(ctx, configurations, &found); err != nil {
		return err
	}
	var failures []error
	for _, configuration := range found.Items {
		if source := configuration.Text("metadata", "annotations", injectAnnotation); source != "" {
			failures = append(failures, i.inject(ctx, configuration, source))
		}
	}
	return errors.Join(failures...)
}

func (i *injector) inject(ctx context.Context, configuration kube.Object, source string) error {
	namespace, name, _ := strings.Cut(source, "/")
	var secret kube.Object
	if err := i.api.Get(ctx, kube.SecretPath(namespace, name), &secret); err != nil {
		if kube.IsNotFound(err) {
			return nil // its owner has not made it yet
		}
		return err
	}
	webhooks, changed := withBundle(configuration, base64.StdEncoding.EncodeToString(secret.SecretValue("ca.crt")))
	if !changed {
		delete(i.since, configuration.Name())
		return nil
	}
	first, waiting := i.since[configuration.Name()]
	if !waiting {
		first = time.Now()
		i.since[configuration.Name()] = first
	}
	if time.Since(first) < i.late {
		return nil
	}
	return i.api.Patch(ctx, configurations+"/"+configuration.Name(), map[string]any{"webhooks": webhooks}, nil)
}

// withBundle gives the registration's webhooks with the bundle in each, and whether that changes anything.
func withBundle(configuration kube.Object, bundle string) (webhooks []any, changed bool) {
	webhooks, _ = configuration["webhooks"].([]any)
	for _, webhook := range webhooks {
		client, _ := kube.Object(webhook.(map[string]any)).At("clientConfig").(map[string]any)
		if client != nil && client["caBundle"] != bundle {
			client["caBundle"], changed = bundle, true
		}
	}
	return webhooks, changed
}
