package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rancher-ha.test/standin/kube"
)

func showUser(user kube.Object) map[string]any {
	return map[string]any{
		"id": user.Name(), "name": user.Text("displayName"), "username": user.Text("username"), "type": "user", "baseType": "user",
		"enabled": true, "mustChangePassword": user.At("mustChangePassword"), "principalIds": user.At("principalIds"), "state": "active",
	}
}

// listUsers lists all, with ?me=true the one who asks, with ?username= the one of that name.
func (r *rancher) listUsers(w http.ResponseWriter, request *http.Request, me string) {
	var found kube.List
	if err := r.api.Get(request.Context(), management+"users", &found); err != nil {
		refuseFor(w, err)
		return
	}
	query := request.URL.Query()
	var data []map[string]any
	for _, user := range found.Items {
		onlyMe, named := query.Get("me") == "true", query.Get("username")
		if (onlyMe && user.Name() != me) || (named != "" && user.Text("username") != named) {
			continue
		}
		data = append(data, showUser(user))
	}
	answer(w, http.StatusOK, collection("user", data))
}

// actOnUsers answers ?action=changepassword: one's own, with the current one as proof.
func (r *rancher) actOnUsers(w http.ResponseWriter, request *http.Request, me string) {
	var given struct {
		CurrentPassword string `json:"currentPassword"`
		NewPassword     string `json:"newPassword"`
	}
	if request.URL.Query().Get("action") != "changepassword" {
		refuse(w, http.StatusNotFound, "no such action")
		return
	}
	if !read(w, request, &given) {
		return
	}
	var user kube.Object
	if err := r.api.Get(request.Context(), management+"users/"+me, &user); err != nil {
		refuseFor(w, err)
		return
	}
	if !isPassword(given.CurrentPassword, user.Text("password")) {
		refuse(w, http.StatusUnprocessableEntity, "invalid current password")
		return
	}
	if r.replacePassword(w, request, user, given.NewPassword) {
		w.WriteHeader(http.StatusOK)
	}
}

// actOnUser answers ?action=setpassword for any user.
func (r *rancher) actOnUser(w http.ResponseWriter, request *http.Request, _ string) {
	var given struct {
		NewPassword string `json:"newPassword"`
	}
	if request.URL.Query().Get("action") != "setpassword" {
		refuse(w, http.StatusNotFound, "no such action")
		return
	}
	if !read(w, request, &given) {
		return
	}
	var user kube.Object
	if err := r.api.Get(request.Context(), management+"users/"+request.PathValue("id"), &user); err != nil {
		refuseFor(w, err)
		return
	}
	if r.replacePassword(w, request, user, given.NewPassword) {
		user["mustChangePassword"] = false
		answer(w, http.StatusOK, showUser(user))
	}
}

// replacePassword keeps Rancher's two rules: long enough, and not the user's name. It answers itself when it refuses.
func (r *rancher) replacePassword(w http.ResponseWriter, request *http.Request, user kube.Object, password string) bool {
	minimum, err := r.readSetting(request.Context(), "password-min-length")
	if err != nil {
		refuseFor(w, err)
		return false
	}
	length, err := strconv.Atoi(minimum.Value)
	if err != nil {
		length = 12
	}
	switch {
	case utf8.RuneCountInString(password) < length:
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf("Password must be at least %d characters", length))
		return false
	case password == user.Text("username"):
		refuse(w, http.StatusUnprocessableEntity, "Password cannot be the same as the username")
		return false
	}
	if err := r.storePassword(request.Context(), user.Name(), password); err != nil {
		refuseFor(w, err)
		return false
	}
	return true
}

func showToken(token kube.Object) map[string]any {
	return map[string]any{
		"id": token.Name(), "name": token.Name(), "type": "token", "baseType": "token",
		"userId": token.Text("userId"), "description": token.Text("description"), "authProvider": "local",
		"ttl": token.At("ttl"), "expiresAt": token.Text("expiresAt"), "expired": isExpired(token), "isDerived": token.At("isDerived"),
		"created": token.Text("metadata", "creationTimestamp"),
	}
}

func (r *rancher) listTokens(w http.ResponseWriter, request *http.Request, _ string) {
	r.list(w, request, "token", "tokens", showToken)
}

// actOnTokens makes a token, or with ?action=logout ends the one the request came with.
func (r *rancher) actOnTokens(w http.ResponseWriter, request *http.Request, me string) {
	switch action := request.URL.Query().Get("action"); action {
	case "":
		r.createToken(w, request, me)
	case "logout":
		name, _, _ := strings.Cut(bearer(request), ":")
		if err := r.api.Delete(request.Context(), management+"tokens/"+name); err != nil {
			refuseFor(w, err)
			return
		}
		w.WriteHeader(http.StatusOK)
	default:
		refuse(w, http.StatusNotFound, "no such action")
	}
}

// createToken makes an API key; ttl is in milliseconds, 0 for one that does not expire by itself.
func (r *rancher) createToken(w http.ResponseWriter, request *http.Request, me string) {
	var given struct {
		Description string `json:"description"`
		TTL         int64  `json:"ttl"`
	}
	if !read(w, request, &given) {
		return
	}
	longest, err := r.readSetting(request.Context(), "auth-token-max-ttl-minutes")
	if err != nil {
		refuseFor(w, err)
		return
	}
	lifetime := time.Duration(given.TTL) * time.Millisecond
	if minutes, err := strconv.Atoi(longest.Value); err == nil && minutes > 0 {
		limit := time.Duration(minutes) * time.Minute
		if lifetime <= 0 || lifetime > limit {
			lifetime = limit
		}
	}
	token, bearer, err := r.newToken(request.Context(), me, given.Description, lifetime, true)
	if err != nil {
		refuseFor(w, err)
		return
	}
	shown := showToken(token)
	shown["token"] = bearer
	answer(w, http.StatusCreated, shown)
}

func (r *rancher) deleteToken(w http.ResponseWriter, request *http.Request, _ string) {
	if err := r.api.Delete(request.Context(), management+"tokens/"+request.PathValue("id")); err != nil {
		refuseFor(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
