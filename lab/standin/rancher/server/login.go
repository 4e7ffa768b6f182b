package main

import (
	"context"
	"net/http"
	"time"

	"rancher-ha.test/standin/kube"
)

type credentials struct {
	Type         string `json:"type"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	Description  string `json:"description"`
	ResponseType string `json:"responseType"`
	TTL          int64  `json:"ttl"`
}

// login answers /v3-public/localProviders/local?action=login.
func (r *rancher) login(w http.ResponseWriter, request *http.Request) {
	if request.URL.Query().Get("action") != "login" {
		refuse(w, http.StatusNotFound, "no such action")
		return
	}
	r.logIn(w, request, http.StatusCreated)
}

// loginV1 answers /v1-public/login, which older versions do not have.
func (r *rancher) loginV1(w http.ResponseWriter, request *http.Request) {
	if !r.config.version.hasPublicV1Login() {
		http.NotFound(w, request)
		return
	}
	r.logIn(w, request, http.StatusOK)
}

func (r *rancher) logIn(w http.ResponseWriter, request *http.Request, success int) {
	var given credentials
	if !read(w, request, &given) {
		return
	}
	user, err := r.checkPassword(request.Context(), given.Username, given.Password)
	if err != nil {
		refuseFor(w, err)
		return
	}
	if user == nil {
		refuse(w, http.StatusUnauthorized, "authentication failed")
		return
	}
	lifetime := sessionLifetime
	if given.TTL > 0 {
		lifetime = min(lifetime, time.Duration(given.TTL)*time.Millisecond)
	}
	token, bearer, err := r.newToken(request.Context(), user.Name(), given.Description, lifetime, false)
	if err != nil {
		refuseFor(w, err)
		return
	}
	if given.ResponseType == "cookie" {
		http.SetCookie(w, &http.Cookie{Name: "R_SESS", Value: bearer, Path: "/", Secure: true, HttpOnly: true})
	}
	shown := showToken(token)
	shown["token"] = bearer
	answer(w, success, shown)
}

// checkPassword gives the user; nil for a wrong name or password alike.
func (r *rancher) checkPassword(ctx context.Context, username, password string) (kube.Object, error) {
	user, err := r.findUser(ctx, username)
	if err != nil || user == nil || !isPassword(password, user.Text("password")) {
		return nil, err
	}
	return user, nil
}
