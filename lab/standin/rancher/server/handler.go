package main

import (
	"net/http"
	"strings"
)

// handler is the whole of port 80: audit, what the ingress has to have said, faults, then the routes.
func (r *rancher) handler() (http.Handler, func(), error) {
	routed := r.withFault(httpsOnly(r.routes()))
	if r.config.auditLevel < 1 {
		return routed, func() {}, nil
	}
	return withAudit(routed, r.config.auditPath)
}

func (r *rancher) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", text("pong"))
	mux.HandleFunc("GET /healthz", r.health)
	mux.HandleFunc("GET /dashboard/", dashboard)
	mux.HandleFunc("GET /{$}", r.root)
	mux.HandleFunc("GET /rancherversion", r.showVersion)
	mux.HandleFunc("GET /cacerts", r.showCACerts)

	mux.HandleFunc("POST /v3-public/localProviders/local", r.login)
	mux.HandleFunc("POST /v1-public/login", r.loginV1)
	for _, public := range []string{"cacerts", "first-login", "ui-banners", "ui-brand", "ui-default-landing", "ui-issues", "ui-pl"} {
		mux.HandleFunc("GET /v3/settings/"+public, func(w http.ResponseWriter, request *http.Request) {
			request.SetPathValue("name", public)
			r.showSetting(w, request)
		})
	}
	authenticated := map[string]func(http.ResponseWriter, *http.Request, string){
		"GET /v3":                                    showRoot,
		"GET /v3/settings":                           r.listSettings,
		"GET /v3/settings/{name}":                    func(w http.ResponseWriter, request *http.Request, _ string) { r.showSetting(w, request) },
		"PUT /v3/settings/{name}":                    r.changeSetting,
		"GET /v3/users":                              r.listUsers,
		"POST /v3/users":                             r.actOnUsers,
		"POST /v3/users/{id}":                        r.actOnUser,
		"GET /v3/tokens":                             r.listTokens,
		"POST /v3/tokens":                            r.actOnTokens,
		"DELETE /v3/tokens/{id}":                     r.deleteToken,
		"GET /v3/clusters":                           r.listClusters,
		"POST /v3/clusters":                          r.createCluster,
		"GET /v3/clusters/{id}":                      r.showCluster,
		"DELETE /v3/clusters/{id}":                   r.deleteCluster,
		"GET /v3/clusterregistrationtokens":          r.listRegistrationTokens,
		"POST /v3/clusterregistrationtokens":         r.createRegistrationToken,
		"POST /v1/provisioning.cattle.io.clusters":   r.provisionCluster,
		"GET /v1/schemas/service":                    showSchema,
		"GET /k8s/clusters/local/v1/schemas/service": showSchema,
		"/k8s/clusters/local/":                       r.passToLocal,
		"/k8s/clusters/": func(w http.ResponseWriter, _ *http.Request, _ string) {
			refuse(w, http.StatusNotFound, "no such cluster")
		},
		"/v3/": func(w http.ResponseWriter, _ *http.Request, _ string) { refuse(w, http.StatusNotFound, "not found") },
	}
	for pattern, handle := range authenticated {
		mux.HandleFunc(pattern, r.onlyAuthenticated(handle))
	}
	return mux
}

// onlyAuthenticated gives the user's id to the handler, or refuses as Rancher does.
func (r *rancher) onlyAuthenticated(handle func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		user, err := r.authenticate(request)
		if err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		if user == "" {
			answer(w, http.StatusUnauthorized, map[string]any{"type": "error", "status": "401", "message": "must authenticate"})
			return
		}
		handle(w, request, user)
	}
}

// httpsOnly sends a browser to HTTPS unless the ingress says that it already came by it; probes are let through.
func httpsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		forwarded := request.Header.Get("X-Forwarded-Proto")
		isProbe := strings.HasPrefix(request.URL.Path, "/ping") || strings.HasPrefix(request.URL.Path, "/health")
		if request.TLS != nil || forwarded == "https" || forwarded == "wss" || isProbe {
			next.ServeHTTP(w, request)
			return
		}
		http.Redirect(w, request, "https://"+request.Host+request.URL.RequestURI(), http.StatusFound)
	})
}

// withFault answers 500 on everything but the probes when that was asked for, and nothing before the replica is ready.
func (r *rancher) withFault(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		switch {
		case request.URL.Path == "/healthz":
			next.ServeHTTP(w, request)
		case !r.ready.Load():
			refuse(w, http.StatusServiceUnavailable, "not ready")
		case r.config.fault == "answers-500" || r.config.fault == "rewrites":
			refuse(w, http.StatusInternalServerError, "the fault asked for")
		default:
			next.ServeHTTP(w, request)
		}
	})
}

func (r *rancher) health(w http.ResponseWriter, _ *http.Request) {
	if !r.ready.Load() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	text("ok")(w, nil)
}

func (r *rancher) root(w http.ResponseWriter, request *http.Request) {
	http.Redirect(w, request, "/dashboard/", http.StatusFound)
}

func dashboard(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte("<!doctype html><title>Rancher</title><p>A stand-in: there is no user interface here.</p>\n"))
}

func (r *rancher) showVersion(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"Version": r.config.version.text, "GitCommit": "stand-in", "RancherPrime": "false"})
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte(body))
	}
}
