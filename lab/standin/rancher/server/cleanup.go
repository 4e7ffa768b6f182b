package main

import (
	"context"

	"rancher-ha.test/standin/kube"
)

// cleanUp is the chart's hook after its deletion: what Rancher itself installed goes, its data and definitions stay.
// Registrations go first, or what they guard could not be deleted any more.
func cleanUp(ctx context.Context, api *kube.Client, namespace string) error {
	core, apps := "/api/v1/namespaces/"+namespace, "/apis/apps/v1/namespaces/"+namespace
	for _, path := range []string{
		configurations + "/" + webhookConfiguration,
		apiServices + "/v1.ext.cattle.io",
		apps + "/deployments/" + webhookName,
		core + "/services/" + webhookName,
		core + "/services/" + extensionService,
		core + "/serviceaccounts/" + webhookName,
		"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/" + webhookName,
		core + "/secrets/bootstrap-secret",
	} {
		if err := api.Delete(ctx, path); err != nil {
			return err
		}
	}
	return nil
}
