package shop

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// The one customer of the demonstration; the sign-in page says so.
const (
	customer = "ida@example.com"
	password = "lamplight"
)

// user is the signed-in customer's address, or "".
func (s *Shop) user(r *http.Request) string {
	c, err := r.Cookie("session")
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	email, _ := s.logins.get(c.Value)
	return email
}

// signedIn sends strangers to the sign-in page and back.
func (s *Shop) signedIn(w http.ResponseWriter, r *http.Request) (email string, ok bool) {
	if email = s.user(r); email == "" {
		http.Redirect(w, r, "/login?next="+r.URL.Path, http.StatusSeeOther)
		return "", false
	}
	return email, true
}

type loginForm struct{ Next, Email, Problem string }

// localPath keeps redirects on this site.
func localPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.Contains(p, "\\") {
		return "/account"
	}
	return p
}

func (s *Shop) login(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "login", "Sign in", loginForm{Next: localPath(r.URL.Query().Get("next"))})
}

func (s *Shop) signIn(w http.ResponseWriter, r *http.Request) {
	form := loginForm{Next: localPath(r.PostFormValue("next")), Email: r.PostFormValue("email")}
	right := subtle.ConstantTimeCompare([]byte(r.PostFormValue("password")), []byte(password)) == 1
	if !right || !strings.EqualFold(form.Email, customer) {
		s.log.add("login-failed", "", "wrong address or password")
		form.Problem = "That address and password do not belong together."
		s.render(w, r, http.StatusUnprocessableEntity, "login", "Sign in", form)
		return
	}
	id := newID()
	s.mu.Lock()
	s.logins.put(id, customer)
	s.mu.Unlock()
	s.log.add("login", customer, "signed in")
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, form.Next, http.StatusSeeOther)
}

func (s *Shop) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("session"); err == nil {
		s.log.add("logout", s.user(r), "signed out")
		s.mu.Lock()
		s.logins.remove(c.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Shop) account(w http.ResponseWriter, r *http.Request) {
	email, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	var mine []*order
	for i := len(s.orders.keys) - 1; i >= 0; i-- {
		if o, ok := s.orders.get(s.orders.keys[i]); ok && o.Email == email {
			mine = append(mine, o)
		}
	}
	s.mu.Unlock()
	s.render(w, r, http.StatusOK, "account", "Your account", mine)
}
