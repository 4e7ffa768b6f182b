package kube

import (
	"context"
	"encoding/base64"
)

// Object is any Kubernetes object as its JSON.
type Object map[string]any

// List is what a collection answers.
type List struct {
	Items []Object `json:"items"`
}

// At is what stands at the path of keys, or nil.
func (o Object) At(keys ...string) any {
	var here any = map[string]any(o)
	for _, key := range keys {
		fields, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = fields[key]
	}
	return here
}

// Text is the string at the path of keys, or "".
func (o Object) Text(keys ...string) string {
	text, _ := o.At(keys...).(string)
	return text
}

// Name is the object's name.
func (o Object) Name() string { return o.Text("metadata", "name") }

// Namespace is the object's namespace, "" when it has none.
func (o Object) Namespace() string { return o.Text("metadata", "namespace") }

// Secret builds a Secret from plain values.
func Secret(namespace, name, kind string, data map[string][]byte) Object {
	encoded := map[string]any{}
	for key, value := range data {
		encoded[key] = base64.StdEncoding.EncodeToString(value)
	}
	return Object{
		"apiVersion": "v1", "kind": "Secret", "type": kind,
		"metadata": map[string]any{"name": name, "namespace": namespace},
		"data":     encoded,
	}
}

// SecretValue is the decoded value under key, nil when there is none.
func (o Object) SecretValue(key string) []byte {
	value, err := base64.StdEncoding.DecodeString(o.Text("data", key))
	if err != nil || len(value) == 0 {
		return nil
	}
	return value
}

// SecretPath is where a Secret stands.
func SecretPath(namespace, name string) string {
	return "/api/v1/namespaces/" + namespace + "/secrets/" + name
}

// EnsureSecret reads the Secret, or makes it with build; of several who try at once, one wins and all read the same.
func (c *Client) EnsureSecret(ctx context.Context, namespace, name string, build func() (Object, error)) (Object, error) {
	var found Object
	err := c.Get(ctx, SecretPath(namespace, name), &found)
	if err == nil || !IsNotFound(err) {
		return found, err
	}
	made, err := build()
	if err != nil {
		return nil, err
	}
	err = c.Create(ctx, "/api/v1/namespaces/"+namespace+"/secrets", made, &found)
	if IsConflict(err) {
		err = c.Get(ctx, SecretPath(namespace, name), &found)
	}
	return found, err
}

// Ensure creates the object in its collection unless one of its name is there; it tells whether it made it.
func (c *Client) Ensure(ctx context.Context, collection string, object Object) (bool, error) {
	err := c.Get(ctx, collection+"/"+object.Name(), &Object{})
	if err == nil || !IsNotFound(err) {
		return false, err
	}
	err = c.Create(ctx, collection, object, nil)
	if IsConflict(err) {
		return false, nil
	}
	return err == nil, err
}
