package main

import (
	"cmp"
	"context"
	"os"
	"strings"

	"rancher-ha.test/standin/kube"
)

// setting is a settings.management.cattle.io object as the API shows it.
type setting struct {
	Name    string
	Value   string
	Default string
	// Source is "env" when the environment decides; such a setting cannot be changed by the API.
	Source string
}

// ensureSettings makes each setting once, moves defaults to this version's, lets the environment win, and says which
// version runs.
func (r *rancher) ensureSettings(ctx context.Context) error {
	for name, fallback := range r.defaults() {
		if err := r.ensureSetting(ctx, name, fallback); err != nil {
			return err
		}
	}
	return r.storeSetting(ctx, "server-version", r.config.version.text)
}

// defaults of Rancher 2.11, where they are known.
func (r *rancher) defaults() map[string]string {
	return map[string]string{
		"agent-tls-mode":                      "strict",
		"auth-token-max-ttl-minutes":          "129600",
		"auth-user-session-ttl-minutes":       "960",
		"cacerts":                             "",
		"eula-agreed":                         "",
		"first-login":                         "true",
		"imported-cluster-version-management": "true",
		"password-min-length":                 "12",
		"server-url":                          "",
		"server-version":                      "dev",
		"telemetry-opt":                       "",
		"ui-banners":                          "{}",
		"ui-brand":                            "",
		"ui-default-landing":                  "vue",
		"ui-issues":                           "",
		"ui-pl":                               "rancher",
	}
}

func (r *rancher) ensureSetting(ctx context.Context, name, fallback string) error {
	given, fromEnvironment := os.LookupEnv(environmentName(name))
	wanted := map[string]any{"default": fallback}
	if fromEnvironment {
		wanted["value"], wanted["source"] = given, "env"
	}
	var found kube.Object
	err := r.api.Get(ctx, management+"settings/"+name, &found)
	if kube.IsNotFound(err) {
		_, err = r.api.Ensure(ctx, management+"settings", settingObject(name, wanted))
		return err
	}
	if err != nil {
		return err
	}
	if !fromEnvironment && found.Text("source") == "env" {
		wanted["source"] = ""
	}
	for field, value := range wanted {
		if found.Text(field) != value {
			return r.api.Patch(ctx, management+"settings/"+name, wanted, nil)
		}
	}
	return nil
}

// environmentName: server-url is decided by CATTLE_SERVER_URL.
func environmentName(setting string) string {
	return "CATTLE_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

func settingObject(name string, fields map[string]any) kube.Object {
	object := kube.Object{
		"apiVersion": "management.cattle.io/v3", "kind": "Setting",
		"metadata":   map[string]any{"name": name},
		"customized": false, "default": "", "source": "", "value": "",
	}
	for field, value := range fields {
		object[field] = value
	}
	return object
}

// readSetting gives the setting with its default in the place of an empty value.
func (r *rancher) readSetting(ctx context.Context, name string) (setting, error) {
	var found kube.Object
	err := r.api.Get(ctx, management+"settings/"+name, &found)
	return settingOf(found), err
}

func settingOf(object kube.Object) setting {
	fallback := object.Text("default")
	value := cmp.Or(object.Text("value"), fallback)
	return setting{Name: object.Name(), Value: value, Default: fallback, Source: object.Text("source")}
}

// storeSetting writes the value when it differs.
func (r *rancher) storeSetting(ctx context.Context, name, value string) error {
	found, err := r.readSetting(ctx, name)
	if err != nil || found.Value == value {
		return err
	}
	patch := map[string]any{"value": value, "customized": value != found.Default}
	return r.api.Patch(ctx, management+"settings/"+name, patch, nil)
}
