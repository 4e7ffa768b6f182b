package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rancher-ha.test/standin/kube"
)

const (
	group    = "/apis/cert-manager.io/v1"
	lifetime = 90 * 24 * time.Hour
)

// controller makes certificates out of Ingress annotations, and Secrets out of certificates.
type controller struct {
	api *kube.Client
	// home is where the Secrets of ClusterIssuers stand.
	home string
}

func (c *controller) reconcile(ctx context.Context) error {
	return errors.Join(c.reconcileIngresses(ctx), c.reconcileIssuers(ctx), c.reconcileCertificates(ctx))
}

// each runs work for every object at path; one that fails does not hold up the others.
func (c *controller) each(ctx context.Context, path string, work func(context.Context, kube.Object) error) error {
	var found kube.List
	if err := c.api.Get(ctx, path, &found); err != nil {
		return err
	}
	var failures []error
	for _, object := range found.Items {
		if err := work(ctx, object); err != nil {
			failures = append(failures, fmt.Errorf("%s/%s: %w", object.Namespace(), object.Name(), err))
		}
	}
	return errors.Join(failures...)
}

func (c *controller) reconcileIngresses(ctx context.Context) error {
	return c.each(ctx, "/apis/networking.k8s.io/v1/ingresses", func(ctx context.Context, ingress kube.Object) error {
		for _, wanted := range wantedCertificates(ingress) {
			if err := c.ensureCertificate(ctx, wanted); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *controller) ensureCertificate(ctx context.Context, wanted kube.Object) error {
	collection := group + "/namespaces/" + wanted.Namespace() + "/certificates"
	var found kube.Object
	err := c.api.Get(ctx, collection+"/"+wanted.Name(), &found)
	if kube.IsNotFound(err) {
		return c.api.Create(ctx, collection, wanted, nil)
	}
	if err != nil || equal(found["spec"], wanted["spec"]) {
		return err
	}
	return c.api.Patch(ctx, collection+"/"+wanted.Name(), map[string]any{"spec": wanted["spec"]}, nil)
}

func (c *controller) reconcileIssuers(ctx context.Context) error {
	settle := func(path func(kube.Object) string) func(context.Context, kube.Object) error {
		return func(ctx context.Context, issuer kube.Object) error {
			_, problem := c.signer(ctx, issuer)
			return c.settle(ctx, path(issuer), issuer, problem)
		}
	}
	return errors.Join(
		c.each(ctx, group+"/issuers", settle(func(issuer kube.Object) string {
			return group + "/namespaces/" + issuer.Namespace() + "/issuers/" + issuer.Name()
		})),
		c.each(ctx, group+"/clusterissuers", settle(func(issuer kube.Object) string { return group + "/clusterissuers/" + issuer.Name() })),
	)
}

func (c *controller) reconcileCertificates(ctx context.Context) error {
	return c.each(ctx, group+"/certificates", func(ctx context.Context, certificate kube.Object) error {
		path := group + "/namespaces/" + certificate.Namespace() + "/certificates/" + certificate.Name()
		return c.settle(ctx, path, certificate, c.ensureSecret(ctx, certificate))
	})
}

// ensureSecret issues unless the Secret holds what the certificate asks for, from the same issuer, and young enough.
func (c *controller) ensureSecret(ctx context.Context, certificate kube.Object) error {
	namespace, name := certificate.Namespace(), certificate.Text("spec", "secretName")
	var secret kube.Object
	err := c.api.Get(ctx, kube.SecretPath(namespace, name), &secret)
	missing := kube.IsNotFound(err)
	if err != nil && !missing {
		return err
	}
	signer, err := c.signerOf(ctx, certificate)
	if err != nil || (!missing && isCurrent(secret, certificate, signer, time.Now())) {
		return err
	}
	issued, err := signer.issue(certificate)
	if err != nil {
		return err
	}
	if missing {
		return c.api.Create(ctx, "/api/v1/namespaces/"+namespace+"/secrets", issued, nil)
	}
	data := issued["data"].(map[string]any)
	if _, private := data["ca.crt"]; !private {
		data["ca.crt"] = nil // of an issuer before this one
	}
	patch := map[string]any{"data": data, "metadata": map[string]any{"annotations": issued.At("metadata", "annotations")}}
	return c.api.Patch(ctx, kube.SecretPath(namespace, name), patch, nil)
}

// settle writes the condition Ready when it changes.
func (c *controller) settle(ctx context.Context, path string, object kube.Object, problem error) error {
	condition := map[string]any{"type": "Ready", "status": "True", "reason": "Ready", "message": "up to date"}
	if problem != nil {
		condition["status"], condition["reason"], condition["message"] = "False", "NotReady", problem.Error()
	}
	if conditions, _ := object.At("status", "conditions").([]any); len(conditions) == 1 {
		condition["lastTransitionTime"] = conditions[0].(map[string]any)["lastTransitionTime"]
		if equal(conditions[0], condition) {
			return problem
		}
	}
	condition["lastTransitionTime"] = time.Now().UTC().Format(time.RFC3339)
	status := map[string]any{"status": map[string]any{"conditions": []any{condition}}}
	return errors.Join(problem, c.api.Patch(ctx, path+"/status", status, nil))
}
