package kube

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// Definition names one custom resource; whatever its objects hold is kept.
type Definition struct {
	Group, Version, Kind, Plural string
	Namespaced                   bool
	// Status gives the resource its own status subresource.
	Status bool
}

// EnsureDefinitions creates what is missing and waits until the API serves all of it.
func (c *Client) EnsureDefinitions(ctx context.Context, wanted []Definition) error {
	for _, definition := range wanted {
		if _, err := c.Ensure(ctx, definitions, definition.object()); err != nil {
			return fmt.Errorf("defining %s: %w", definition.name(), err)
		}
	}
	for _, definition := range wanted {
		if err := c.waitEstablished(ctx, definition.name()); err != nil {
			return err
		}
	}
	return nil
}

func (d Definition) name() string { return d.Plural + "." + d.Group }

func (d Definition) object() Object {
	scope := "Cluster"
	if d.Namespaced {
		scope = "Namespaced"
	}
	version := map[string]any{
		"name": d.Version, "served": true, "storage": true,
		"schema": map[string]any{"openAPIV3Schema": map[string]any{
			"type": "object", "x-kubernetes-preserve-unknown-fields": true,
		}},
	}
	if d.Status {
		version["subresources"] = map[string]any{"status": map[string]any{}}
	}
	return Object{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": d.name()},
		"spec": map[string]any{
			"group": d.Group, "scope": scope,
			"names": map[string]any{
				"kind": d.Kind, "listKind": d.Kind + "List", "plural": d.Plural, "singular": strings.ToLower(d.Kind),
			},
			"versions": []any{version},
		},
	}
}

func (c *Client) waitEstablished(ctx context.Context, name string) error {
	for {
		var found Object
		if err := c.Get(ctx, definitions+"/"+name, &found); err != nil {
			return err
		}
		if HasCondition(found, "Established") {
			return nil
		}
		if err := Pause(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("%s was not served in time: %w", name, err)
		}
	}
}

// HasCondition says whether status.conditions has the type with status True.
func HasCondition(object Object, kind string) bool {
	conditions, _ := object.At("status", "conditions").([]any)
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		if condition["type"] == kind && condition["status"] == "True" {
			return true
		}
	}
	return false
}

// Pause waits between two polls; its error is the context's end.
func Pause(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
