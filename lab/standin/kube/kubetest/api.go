// Package kubetest is an API server small enough to read: objects by path, in memory.
package kubetest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"rancher-ha.test/standin/kube"
)

// API keeps objects under the path they would have; definitions are established as soon as they are made.
type API struct {
	Client *kube.Client

	guard   sync.Mutex
	objects map[string]kube.Object
	writes  []string
}

// Start runs the API until the test ends, with the given objects at their paths.
func Start(t *testing.T, objects map[string]kube.Object) *API {
	t.Helper()
	api := &API{objects: maps.Clone(objects)}
	if api.objects == nil {
		api.objects = map[string]kube.Object{}
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	api.Client = kube.New(server.URL, server.Client())
	return api
}

// At is the object at the path, nil when there is none.
func (a *API) At(path string) kube.Object {
	a.guard.Lock()
	defer a.guard.Unlock()
	return a.objects[path]
}

// Writes lists what was written, as "METHOD path", in order.
func (a *API) Writes() []string {
	a.guard.Lock()
	defer a.guard.Unlock()
	return slices.Clone(a.writes)
}

func (a *API) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	a.guard.Lock()
	defer a.guard.Unlock()
	path := strings.TrimSuffix(request.URL.Path, "/status")
	var body map[string]any
	if request.Method != http.MethodGet && request.Method != http.MethodDelete {
		if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
	}
	if request.Method != http.MethodGet {
		a.writes = append(a.writes, request.Method+" "+path)
	}
	found, exists := a.objects[path]
	switch {
	case request.Method == http.MethodPost:
		a.create(w, path, body)
	case request.Method == http.MethodGet && !exists:
		a.listOrRefuse(w, path)
	case !exists:
		refuse(w, http.StatusNotFound, "not found")
	case request.Method == http.MethodGet:
		answer(w, http.StatusOK, found)
	case request.Method == http.MethodPatch:
		merge(found, body)
		answer(w, http.StatusOK, found)
	case request.Method == http.MethodDelete:
		delete(a.objects, path)
		answer(w, http.StatusOK, map[string]any{})
	}
}

func (a *API) create(w http.ResponseWriter, collection string, object kube.Object) {
	path := collection + "/" + object.Name()
	if _, exists := a.objects[path]; exists {
		refuse(w, http.StatusConflict, "already exists")
		return
	}
	if object.Text("kind") == "CustomResourceDefinition" {
		object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Established", "status": "True"}}}
	}
	a.objects[path] = object
	answer(w, http.StatusCreated, object)
}

// listOrRefuse lists a collection, over all namespaces when the path names none.
func (a *API) listOrRefuse(w http.ResponseWriter, path string) {
	base, plural := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/")+1:]
	items := []kube.Object{}
	for _, key := range slices.Sorted(maps.Keys(a.objects)) {
		parent := key[:strings.LastIndex(key, "/")]
		inAnyNamespace := strings.HasPrefix(parent, base+"/namespaces/") && strings.HasSuffix(parent, "/"+plural)
		if parent == path || inAnyNamespace {
			items = append(items, a.objects[key])
		}
	}
	if len(items) == 0 && !isCollection(path) {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	answer(w, http.StatusOK, map[string]any{"items": items})
}

// isCollection counts: /apis/GROUP/VERSION/PLURAL and /api/VERSION/PLURAL, with or without namespaces/NAME before PLURAL.
func isCollection(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	rest := parts[min(len(parts), 3):]
	if parts[0] == "api" {
		rest = parts[min(len(parts), 2):]
	}
	return len(rest) == 1 || (len(rest) == 3 && rest[0] == "namespaces")
}

// merge is RFC 7386.
func merge(into, patch map[string]any) {
	for key, value := range patch {
		fields, isMap := value.(map[string]any)
		old, wasMap := into[key].(map[string]any)
		switch {
		case value == nil:
			delete(into, key)
		case isMap && wasMap:
			merge(old, fields)
		default:
			into[key] = value
		}
	}
}

func refuse(w http.ResponseWriter, code int, message string) {
	answer(w, code, map[string]any{"kind": "Status", "code": code, "reason": http.StatusText(code), "message": message})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}
