package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"rancher-ha.test/standin/kube"
)

const management = "/apis/management.cattle.io/v3/"

// definitions are the kinds this stand-in keeps, and those a client may list without an error.
var definitions = []kube.Definition{
	{Group: "management.cattle.io", Version: "v3", Kind: "Setting", Plural: "settings"},
	{Group: "management.cattle.io", Version: "v3", Kind: "User", Plural: "users"},
	{Group: "management.cattle.io", Version: "v3", Kind: "Token", Plural: "tokens"},
	{Group: "management.cattle.io", Version: "v3", Kind: "Cluster", Plural: "clusters"},
	{Group: "management.cattle.io", Version: "v3", Kind: "Node", Plural: "nodes", Namespaced: true},
	{Group: "management.cattle.io", Version: "v3", Kind: "ClusterRegistrationToken", Plural: "clusterregistrationtokens", Namespaced: true},
	{Group: "provisioning.cattle.io", Version: "v1", Kind: "Cluster", Plural: "clusters", Namespaced: true},
}

// caCertsFile is where the chart mounts the Secret tls-ca for privateCA.
var caCertsFile = "/etc/rancher/ssl/cacerts.pem"

// boot brings the stored data to what this version needs, and tries again until they stand or ctx ends: three replicas
// start at once, the webhook of an earlier start may not serve yet, the control plane may be restarting.
func (r *rancher) boot(ctx context.Context) {
	steps := []struct {
		what string
		run  func(context.Context) error
	}{
		{"custom resource definitions", func(ctx context.Context) error { return r.api.EnsureDefinitions(ctx, definitions) }},
		{"the stored data", r.checkFormat},
		{"settings", r.ensureSettings},
		{"the admin", r.ensureAdmin},
		{"the local cluster", r.ensureLocalCluster},
		{"certificates", r.ensureCACerts},
		{"rancher-webhook", r.installWebhook},
		{"the extension API", r.registerExtension},
	}
	for _, step := range steps {
		for err := step.run(ctx); err != nil && ctx.Err() == nil; err = step.run(ctx) {
			log.Printf("[ERROR] Error preparing %s, retrying: %v", step.what, err)
			if kube.Pause(ctx, 2*time.Second) != nil {
				return
			}
		}
	}
}

// ensureCACerts stores what clients have to trust: the mounted private CA, nothing for a public one, else Rancher's own.
func (r *rancher) ensureCACerts(ctx context.Context) error {
	mounted, err := os.ReadFile(caCertsFile)
	switch {
	case err == nil && r.config.noCACerts:
		return errors.New("a private CA is mounted and --no-cacerts is given: only one of them can be meant")
	case err == nil:
		return r.storeSetting(ctx, "cacerts", string(mounted))
	case !os.IsNotExist(err):
		return err
	case r.config.noCACerts:
		return r.storeSetting(ctx, "cacerts", "")
	}
	authority, err := ensureAuthority(ctx, r.api, r.config.namespace, "tls-rancher")
	if err != nil {
		return err
	}
	return r.storeSetting(ctx, "cacerts", string(authority.Certificate))
}

// ensureAuthority reads the authority kept in the Secret, or makes one.
func ensureAuthority(ctx context.Context, api *kube.Client, namespace, name string) (kube.Pair, error) {
	secret, err := api.EnsureSecret(ctx, namespace, name, func() (kube.Object, error) {
		pair, err := kube.NewAuthority(fmt.Sprintf("%s@%d", name, time.Now().Unix()))
		data := map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key}
		return kube.Secret(namespace, name, "kubernetes.io/tls", data), err
	})
	return kube.PairOf(secret), err
}
