package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"rancher-ha.test/standin/kube"
)

// rounds of PBKDF2: few, because login is part of readiness and the lab has two cores.
const rounds = 10_000

func userObject(name, username, password string, mustChange bool) kube.Object {
	return kube.Object{
		"apiVersion": "management.cattle.io/v3", "kind": "User",
		"metadata": map[string]any{
			"name":   name,
			"labels": map[string]any{"authz.management.cattle.io/bootstrapping": "admin-user"},
		},
		"username": username, "displayName": "Default Admin", "enabled": true,
		"principalIds":       []any{"local://" + name},
		"password":           hashPassword(password),
		"mustChangePassword": mustChange,
	}
}

// findUser is the user who has this name at login; nil when there is none.
func (r *rancher) findUser(ctx context.Context, username string) (kube.Object, error) {
	var users kube.List
	if err := r.api.Get(ctx, management+"users", &users); err != nil {
		return nil, err
	}
	for _, user := range users.Items {
		if user.Text("username") == username {
			return user, nil
		}
	}
	return nil, nil
}

// storePassword replaces the password; the first change by a person also ends the first login.
func (r *rancher) storePassword(ctx context.Context, user, password string) error {
	patch := map[string]any{"password": hashPassword(password), "mustChangePassword": false}
	if err := r.api.Patch(ctx, management+"users/"+user, patch, nil); err != nil {
		return err
	}
	return r.storeSetting(ctx, "first-login", "false")
}

func hashPassword(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	return fmt.Sprintf("pbkdf2$%s$%s", encode(salt), encode(derive(password, salt)))
}

func isPassword(given, stored string) bool {
	parts := strings.Split(stored, "$")
	if len(parts) != 3 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[1])
	return err == nil && subtle.ConstantTimeCompare([]byte(encode(derive(given, salt))), []byte(parts[2])) == 1
}

func derive(password string, salt []byte) []byte {
	key, err := pbkdf2.Key(sha256.New, password, salt, rounds, 32)
	if err != nil {
		panic(err) // only for impossible lengths
	}
	return key
}

func encode(bytes []byte) string { return base64.RawStdEncoding.EncodeToString(bytes) }

// shortHash is five letters and digits, as Rancher's own generated names have.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:5]
}
