package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"rancher-ha.test/standin/kube"
)

// sessionLifetime of a login: 16 hours.
const sessionLifetime = 16 * time.Hour

// newToken stores a token for the user and returns the object and the bearer text, which is stored nowhere.
func (r *rancher) newToken(ctx context.Context, user, description string, lifetime time.Duration, derived bool) (kube.Object, string, error) {
	secret := strings.ToLower(rand.Text() + rand.Text())
	name := "token-" + strings.ToLower(rand.Text()[:5])
	now, expires := time.Now().UTC(), ""
	if lifetime > 0 {
		expires = now.Add(lifetime).Format(time.RFC3339)
	}
	object := kube.Object{
		"apiVersion": "management.cattle.io/v3", "kind": "Token",
		"metadata":     map[string]any{"name": name, "labels": map[string]any{"authn.management.cattle.io/token-userId": user}},
		"authProvider": "local", "description": description, "isDerived": derived, "userId": user,
		"token": hashToken(secret), "ttl": lifetime.Milliseconds(), "expiresAt": expires,
	}
	err := r.api.Create(ctx, management+"tokens", object, &object)
	return object, name + ":" + secret, err
}

// authenticate finds who sent the request: "" when nobody known did.
func (r *rancher) authenticate(request *http.Request) (user string, err error) {
	name, secret, ok := strings.Cut(bearer(request), ":")
	if !ok || strings.Contains(name, "/") {
		return "", nil
	}
	var token kube.Object
	err = r.api.Get(request.Context(), management+"tokens/"+name, &token)
	if kube.IsNotFound(err) {
		return "", nil
	}
	if err != nil || isExpired(token) || subtle.ConstantTimeCompare([]byte(hashToken(secret)), []byte(token.Text("token"))) != 1 {
		return "", err
	}
	return token.Text("userId"), nil
}

// bearer is the token text from the header, basic credentials, or the session's cookie.
func bearer(request *http.Request) string {
	if name, secret, ok := request.BasicAuth(); ok {
		return name + ":" + secret
	}
	if text, ok := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); ok {
		return text
	}
	if cookie, err := request.Cookie("R_SESS"); err == nil {
		return cookie.Value
	}
	return ""
}

func isExpired(token kube.Object) bool {
	text := token.Text("expiresAt")
	if text == "" {
		return false
	}
	expires, err := time.Parse(time.RFC3339, text)
	return err != nil || time.Now().After(expires)
}

func hashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
