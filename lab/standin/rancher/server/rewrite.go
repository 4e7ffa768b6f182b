package main

import (
	"context"
	"errors"
	"fmt"

	"rancher-ha.test/standin/kube"
)

// rewrite plays an upgrade that moves stored data to a new format half-way: passwords, and the address of the server.
// Releases before it do not find what was moved.
func (r *rancher) rewrite(ctx context.Context) error {
	var users, settings kube.List
	if err := errors.Join(r.api.Get(ctx, management+"users", &users), r.api.Get(ctx, management+"settings", &settings)); err != nil {
		return err
	}
	for _, user := range users.Items {
		if err := r.move(ctx, management+"users/"+user.Name(), user, "password"); err != nil {
			return err
		}
	}
	for _, setting := range settings.Items {
		if setting.Name() != "server-url" {
			continue
		}
		if err := r.move(ctx, management+"settings/server-url", setting, "value"); err != nil {
			return err
		}
	}
	return nil
}

// move puts a field's text under a name that only the new format has.
func (r *rancher) move(ctx context.Context, path string, object kube.Object, field string) error {
	if object.Text(field) == "" {
		return nil
	}
	return r.api.Patch(ctx, path, map[string]any{field: nil, field + "V2": object.Text(field)}, nil)
}

// checkFormat refuses data of a format that came after this release.
func (r *rancher) checkFormat(ctx context.Context) error {
	if r.config.fault == "rewrites" {
		return nil
	}
	var users kube.List
	if err := r.api.Get(ctx, management+"users", &users); err != nil {
		return err
	}
	for _, user := range users.Items {
		if user.Text("passwordV2") != "" {
			return fmt.Errorf("user %s is stored in a format that %s does not know", user.Name(), r.config.version.text)
		}
	}
	return nil
}
