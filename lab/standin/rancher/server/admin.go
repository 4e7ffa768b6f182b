package main

import (
	"context"
	"crypto/rand"
	"log"
	"os"
	"strings"

	"rancher-ha.test/standin/kube"
)

// generatedMark tells a Secret this replica or another one made from one that somebody gave.
const generatedMark = "rancher-ha.test/generated"

// ensureAdmin makes the user admin once in the life of the stored data; the ConfigMap admincreated remembers it.
func (r *rancher) ensureAdmin(ctx context.Context) error {
	configMaps := "/api/v1/namespaces/" + r.config.namespace + "/configmaps"
	err := r.api.Get(ctx, configMaps+"/admincreated", &kube.Object{})
	if err == nil || !kube.IsNotFound(err) {
		return err
	}
	password, mustChange, err := r.bootstrapPassword(ctx)
	if err != nil {
		return err
	}
	name, err := r.adminName(ctx)
	if err != nil {
		return err
	}
	admin := userObject(name, "admin", password, mustChange)
	if _, err := r.api.Ensure(ctx, management+"users", admin); err != nil {
		return err
	}
	_, err = r.api.Ensure(ctx, configMaps, kube.Object{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "admincreated", "namespace": r.config.namespace},
	})
	return err
}

// bootstrapPassword: the environment, else the Secret, else one it makes and stores there. Only one that was made or is
// "admin" has to be changed at the first login.
func (r *rancher) bootstrapPassword(ctx context.Context) (password string, mustChange bool, err error) {
	if given := os.Getenv("CATTLE_BOOTSTRAP_PASSWORD"); given != "" {
		return given, given == "admin", nil
	}
	secret, err := r.api.EnsureSecret(ctx, r.config.namespace, "bootstrap-secret", func() (kube.Object, error) {
		log.Print("[INFO] No bootstrap password given, one is generated and kept in the secret bootstrap-secret")
		data := map[string][]byte{"bootstrapPassword": []byte(strings.ToLower(rand.Text() + rand.Text()[:2]))}
		made := kube.Secret(r.config.namespace, "bootstrap-secret", "Opaque", data)
		made["metadata"].(map[string]any)["annotations"] = map[string]any{generatedMark: "true"}
		return made, nil
	})
	password = string(secret.SecretValue("bootstrapPassword"))
	generated := secret.Text("metadata", "annotations", generatedMark) == "true"
	return password, generated || password == "admin", err
}

// adminName is the same for every replica that tries, and differs between clusters: from the UID of kube-system.
func (r *rancher) adminName(ctx context.Context) (string, error) {
	var system kube.Object
	err := r.api.Get(ctx, "/api/v1/namespaces/kube-system", &system)
	return "user-" + shortHash(system.Text("metadata", "uid")), err
}
