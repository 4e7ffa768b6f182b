package main

import "net/http"

// localProxy is where Rancher passes requests on to the API of the cluster it runs on.
const localProxy = "/k8s/clusters/local"

// passToLocal lets anybody who is let in do what this pod may: the real one does it in the name of the user, but here
// every user is an admin.
func (r *rancher) passToLocal(w http.ResponseWriter, request *http.Request, _ string) {
	proxy, err := r.api.Proxy(localProxy)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	proxy.ServeHTTP(w, request)
}
