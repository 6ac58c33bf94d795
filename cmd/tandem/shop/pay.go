package shop

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// payHandler is the other origin: the payment frame and the CDN.
func (s *Shop) payHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /frame", s.payFrame)
	mux.HandleFunc("POST /frame/confirm", s.confirm)
	mux.HandleFunc("GET /frame/{name}", s.asset("assets/pay"))
	framed := guarded(s.pay, "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors "+s.url, mux)

	cdn := http.NewServeMux()
	cdn.HandleFunc("GET /cdn/{name}", s.asset("assets/cdn"))
	cdn.HandleFunc("GET /cdn/fonts/{name}", s.asset("assets/cdn/fonts"))
	cdn.HandleFunc("GET /cdn/lamp/{name}", lampPicture)
	cdn.HandleFunc("GET /cdn/built.svg", func(w http.ResponseWriter, r *http.Request) {
		sendDesign(w, r, designFrom(r.URL.Query().Get("design")), "Your own lamp")
	})
	cdn.HandleFunc("GET /cdn/swatch/{name}", swatchPicture)
	mux.Handle("GET /cdn/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del("Content-Security-Policy")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		w.Header().Set("Cache-Control", "public, max-age=300")
		cdn.ServeHTTP(w, r)
	}))
	return compressed(framed)
}

// lampPicture draws a lamp of the catalogue, in another finish if asked.
func lampPicture(w http.ResponseWriter, r *http.Request) {
	p, ok := productBySlug(strings.TrimSuffix(r.PathValue("name"), ".svg"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	d := p.Design
	if f := r.URL.Query().Get("finish"); f != "" && f != p.Finishes[0] {
		d.Finish = f
		if p.Design.Shade == p.Finishes[0] {
			d.Shade = f
		}
		if p.Design.Finish != p.Finishes[0] {
			d.Finish = p.Design.Finish
		}
	}
	if r.URL.Query().Get("scene") == "evening" {
		d.Scene, d.Glow = "night", 100
	}
	sendDesign(w, r, d, p.Name)
}

func sendDesign(w http.ResponseWriter, r *http.Request, d Design, title string) {
	if !d.valid() {
		http.NotFound(w, r)
		return
	}
	var picture bytes.Buffer
	if err := d.draw(&picture, title); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	tagged(w, r, "image/svg+xml", picture.Bytes())
}

func swatchPicture(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("name"), ".png")
	if _, ok := finishes[name]; !ok {
		http.NotFound(w, r)
		return
	}
	var picture bytes.Buffer
	if err := swatch(&picture, name); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	tagged(w, r, "image/png", picture.Bytes())
}

func (s *Shop) payFrame(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	in, ok := s.intents.get(r.URL.Query().Get("payment"))
	s.mu.Unlock()
	if !ok {
		http.Error(w, "This payment has expired.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	s.templates["pay"].ExecuteTemplate(w, "pay.html", map[string]any{"Shop": s.url, "Payment": in.payment, "Amount": in.amount})
}

// confirm takes the card once and answers with a receipt.
func (s *Shop) confirm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	answer := func(status int, v map[string]string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	number := strings.NewReplacer(" ", "", "-", "").Replace(r.PostFormValue("number"))
	if problem := checkCard(number, r.PostForm); problem != "" {
		answer(http.StatusUnprocessableEntity, map[string]string{"problem": problem})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.intents.get(r.PostFormValue("payment"))
	switch {
	case !ok || in.payment != r.PostFormValue("payment"):
		answer(http.StatusNotFound, map[string]string{"problem": "This payment has expired."})
	case in.receipt != "":
		answer(http.StatusConflict, map[string]string{"problem": "This payment was already made."})
	default:
		in.receipt, in.card = newID(), number[len(number)-4:]
		s.log.add("payment", in.email, money(in.amount))
		answer(http.StatusOK, map[string]string{"receipt": in.receipt})
	}
}

var (
	cardNumber = regexp.MustCompile(`^\d{13,19}$`)
	cardExpiry = regexp.MustCompile(`^(0[1-9]|1[0-2]) ?/ ?\d\d$`)
	cardCode   = regexp.MustCompile(`^\d{3,4}$`)
)

func checkCard(number string, form url.Values) (problem string) {
	switch {
	case !cardNumber.MatchString(number) || !luhn(number):
		return "That is not a card number."
	case !cardExpiry.MatchString(form.Get("expiry")):
		return "Please give the expiry date as MM/YY."
	case !cardCode.MatchString(form.Get("code")):
		return "The security code has three or four digits."
	}
	return ""
}

// luhn is the check digit of card numbers (ISO/IEC 7812-1, annex B).
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return sum%10 == 0
}

// integrity is the subresource integrity value of an embedded file.
var integrity = func() func(name string) string {
	var known sync.Map
	return func(name string) string {
		if v, ok := known.Load(name); ok {
			return v.(string)
		}
		body, err := files.ReadFile(name)
		if err != nil {
			panic(err) // a name in this program is wrong
		}
		sum := sha512.Sum384(body)
		v := "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
		known.Store(name, v)
		return v
	}
}()
