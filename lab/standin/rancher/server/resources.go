package main

import (
	"net/http"

	"rancher-ha.test/standin/kube"
)

func showRoot(w http.ResponseWriter, _ *http.Request, _ string) {
	answer(w, http.StatusOK, map[string]any{"type": "apiRoot", "baseType": "apiRoot", "apiVersion": map[string]any{
		"group": "management.cattle.io", "path": "/v3", "version": "v3",
	}})
}

func showSchema(w http.ResponseWriter, _ *http.Request, _ string) {
	answer(w, http.StatusOK, map[string]any{"id": "service", "type": "schema", "pluralName": "services"})
}

func showSettingOf(s setting) map[string]any {
	return map[string]any{
		"id": s.Name, "name": s.Name, "type": "setting", "baseType": "setting",
		"value": s.Value, "default": s.Default, "source": s.Source, "customized": s.Value != s.Default,
	}
}

func (r *rancher) listSettings(w http.ResponseWriter, request *http.Request, _ string) {
	r.list(w, request, "setting", "settings", func(object kube.Object) map[string]any { return showSettingOf(settingOf(object)) })
}

func (r *rancher) showSetting(w http.ResponseWriter, request *http.Request) {
	found, err := r.readSetting(request.Context(), request.PathValue("name"))
	if err != nil {
		refuseFor(w, err)
		return
	}
	answer(w, http.StatusOK, showSettingOf(found))
}

func (r *rancher) changeSetting(w http.ResponseWriter, request *http.Request, _ string) {
	var given struct {
		Value string `json:"value"`
	}
	found, err := r.readSetting(request.Context(), request.PathValue("name"))
	switch {
	case err != nil:
		refuseFor(w, err)
		return
	case found.Source == "env":
		refuse(w, http.StatusMethodNotAllowed, found.Name+" is set by the environment and cannot be changed")
		return
	case !read(w, request, &given):
		return
	}
	if err := r.storeSetting(request.Context(), found.Name, given.Value); err != nil {
		refuseFor(w, err)
		return
	}
	r.showSetting(w, request)
}

// showCACerts answers the authority as plain PEM, as agents fetch it.
func (r *rancher) showCACerts(w http.ResponseWriter, request *http.Request) {
	found, err := r.readSetting(request.Context(), "cacerts")
	if err != nil {
		refuseFor(w, err)
		return
	}
	text(found.Value)(w, request)
}

func (r *rancher) list(w http.ResponseWriter, request *http.Request, kind, plural string, show func(kube.Object) map[string]any) {
	var found kube.List
	if err := r.api.Get(request.Context(), management+plural, &found); err != nil {
		refuseFor(w, err)
		return
	}
	data := make([]map[string]any, 0, len(found.Items))
	for _, object := range found.Items {
		data = append(data, show(object))
	}
	answer(w, http.StatusOK, collection(kind, data))
}
