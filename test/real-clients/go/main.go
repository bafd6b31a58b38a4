// Signs in, reads userinfo and refreshes with go-oidc and x/oauth2. The document has discover, signIn and signedIn.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func main() {
	log.SetFlags(0)
	requests := &tokenRequests{}
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: requests})

	provider, config, err := discover(ctx)
	check(err)
	kept := session{oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()}
	callback := answerTo(signIn(config, kept))
	tokens, idToken, err := signedIn(ctx, provider, config, kept, callback.Get("state"), callback.Get("code"))
	check(err)
	check(idToken.VerifyAccessToken(tokens.AccessToken))
	userinfo, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	check(err)

	// A token source refreshes a token that has expired.
	expired := *tokens
	expired.Expiry = time.Now().Add(-time.Minute)
	refreshed, err := config.TokenSource(ctx, &expired).Token()
	check(err)
	again, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(refreshed))
	check(err)

	tell(map[string]any{
		"idToken":       idToken.Subject,
		"userinfo":      userinfo.Email,
		"refreshed":     again.Subject,
		"rotated":       refreshed.AccessToken != tokens.AccessToken && refreshed.RefreshToken != tokens.RefreshToken,
		"tokenRequests": requests.seen,
	})
}

// How each token request authenticates its client, and the status of its answer.
type tokenRequests struct{ seen []tokenRequest }

type tokenRequest struct {
	Basic  bool `json:"basic"`
	Secret bool `json:"secret"`
	Status int  `json:"status"`
}

func (t *tokenRequests) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil && request.Method == http.MethodPost {
		_, secret, basic := request.BasicAuth()
		t.seen = append(t.seen, tokenRequest{basic, secret != "", response.StatusCode})
	}
	return response, err
}

// Sends the person's browser there, and returns the answer's parameters.
func answerTo(authorizationRequest string) url.Values {
	write(map[string]any{"authorize": authorizationRequest})
	lines := bufio.NewScanner(os.Stdin)
	if !lines.Scan() {
		log.Fatal("No answer came.")
	}
	address, err := url.Parse(lines.Text())
	check(err)
	return address.Query()
}

func tell(result map[string]any) {
	write(map[string]any{"result": result})
}

func write(line any) {
	check(json.NewEncoder(os.Stdout).Encode(line))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
