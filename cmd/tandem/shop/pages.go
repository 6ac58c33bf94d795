package shop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
)

// view is what every template sees.
type view struct {
	Title    string
	Shop     string // origin
	Pay      string // origin of frame and CDN
	Nonce    string
	Path     string
	User     string // e-mail address, or ""
	Basket   int    // how many things are in it
	Kinds    []Kind
	Bare     bool   // no navigation: pop-ups
	TypeHash string // of the CDN's style sheet and script, for subresource integrity
	KitHash  string
	Data     any
}

func (s *Shop) parseTemplates() error {
	funcs := template.FuncMap{
		"money": money,
		"title": func(s string) string { return strings.ToUpper(s[:1]) + s[1:] },
		"stars": func(n int) string { return strings.Repeat("★", n) + strings.Repeat("☆", 5-n) },
		"card": func(p Product, pay, shop string) map[string]any {
			return map[string]any{"P": p, "Pay": pay, "Shop": shop}
		},
	}
	layout, err := template.New("layout.html").Funcs(funcs).ParseFS(files, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return fmt.Errorf("reading the shop's templates: %w", err)
	}
	pages, err := files.ReadDir("templates")
	if err != nil {
		return fmt.Errorf("reading the shop's templates: %w", err)
	}
	s.templates = make(map[string]*template.Template)
	for _, page := range pages {
		name := strings.TrimSuffix(page.Name(), ".html")
		if name == "layout" {
			continue
		}
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(files, "templates/"+page.Name())
		}
		if err != nil {
			return fmt.Errorf("reading the shop's templates: %w", err)
		}
		s.templates[name] = t
	}
	return nil
}

// render sends a page; the template's name doubles as the body's class.
func (s *Shop) render(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	v := view{
		Title: title, Shop: s.url, Pay: s.pay, Nonce: nonce(r), Path: r.URL.Path,
		User: s.user(r), Basket: basketFrom(r).count(), Kinds: kinds, Bare: name == "help",
		TypeHash: integrity("assets/cdn/type.css"), KitHash: integrity("assets/cdn/kit.js"),
		Data: data,
	}
	var page bytes.Buffer
	if err := s.templates[name].ExecuteTemplate(&page, "layout.html", v); err != nil {
		http.Error(w, "The page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	page.WriteTo(w)
}

func (s *Shop) fail(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, status, "problem", title, text)
}

func (s *Shop) shopHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /lamps", s.search)
	mux.HandleFunc("GET /lamps/{kind}", s.category)
	mux.HandleFunc("GET /api/search", s.searchAPI)
	mux.HandleFunc("GET /lamp/{slug}", s.product)
	mux.HandleFunc("POST /lamp/{slug}/reviews", s.addReview)
	mux.HandleFunc("GET /photo/{id}", s.photo)
	mux.HandleFunc("GET /build", s.build)
	mux.HandleFunc("POST /build", s.addBuilt)
	mux.HandleFunc("GET /api/lamp.svg", s.drawing)
	mux.HandleFunc("GET /cart", s.cart)
	mux.HandleFunc("POST /cart", s.changeCart)
	mux.HandleFunc("GET /login", s.login)
	mux.HandleFunc("POST /login", s.signIn)
	mux.HandleFunc("POST /logout", s.signOut)
	mux.HandleFunc("GET /account", s.account)
	mux.HandleFunc("GET /checkout", s.checkout)
	mux.HandleFunc("POST /checkout", s.placeOrder)
	mux.HandleFunc("GET /order/{id}", s.showOrder)
	mux.HandleFunc("GET /order/{id}/invoice.pdf", s.invoice)
	mux.HandleFunc("GET /help", s.help)
	mux.HandleFunc("GET /chat", s.chat)
	mux.HandleFunc("GET /events/stock", s.stockEvents)
	mux.HandleFunc("GET /log", s.showLog)
	mux.HandleFunc("GET /assets/{name}", s.asset("assets/shop"))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusNotFound, "Not on this shelf", "There is no such page. The lamps are all still here, though.")
	})
	policy := "default-src 'none'; script-src 'self' PAY NONCE; style-src 'self' PAY; img-src 'self' data: blob: PAY; font-src PAY; " +
		"connect-src 'self'; frame-src PAY; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return compressed(guarded(s.url, strings.ReplaceAll(policy, "PAY", s.pay), mux))
}

// asset serves the embedded files of one directory.
func (s *Shop) asset(dir string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := files.ReadFile(path.Join(dir, path.Base(r.PathValue("name"))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "max-age=60")
		tagged(w, r, contentTypes[path.Ext(r.PathValue("name"))], body)
	}
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2", ".jpg": "image/jpeg", ".png": "image/png", ".txt": "text/plain; charset=utf-8",
}

func (s *Shop) home(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "home", "Lamps for quiet rooms", struct {
		Favourites []Product
		New        []Product
	}{catalog[:4], catalog[4:8]})
}

func (s *Shop) category(w http.ResponseWriter, r *http.Request) {
	kind, ok := kindOf(r.PathValue("kind"))
	if !ok {
		s.fail(w, r, http.StatusNotFound, "No such kind of lamp", "We make table, desk, floor, pendant, wall and portable lamps.")
		return
	}
	s.list(w, r, kind.Name+" lamps", kind.Text, Query{Kind: kind.ID})
}

func (s *Shop) search(w http.ResponseWriter, r *http.Request) {
	q := queryFrom(r)
	title := "All lamps"
	if q.Text != "" {
		title = "Results for “" + q.Text + "”"
	}
	s.list(w, r, title, "", q)
}

func (s *Shop) list(w http.ResponseWriter, r *http.Request, title, text string, q Query) {
	s.render(w, r, http.StatusOK, "list", title, struct {
		Text  string
		Query Query
		Found []Product
	}{text, q, q.find()})
}

func queryFrom(r *http.Request) Query {
	form := r.URL.Query()
	q := Query{Text: strings.TrimSpace(form.Get("q")), Kind: form.Get("kind"), Sort: form.Get("sort")}
	if len(q.Text) > 100 {
		q.Text = q.Text[:100]
	}
	fmt.Sscanf(form.Get("max"), "%d", &q.Max)
	return q
}

// searchAPI answers the live search with ready markup, its links absolute.
func (s *Shop) searchAPI(w http.ResponseWriter, r *http.Request) {
	found := queryFrom(r).find()
	var html bytes.Buffer
	err := s.templates["list"].ExecuteTemplate(&html, "cards", map[string]any{"List": found, "Pay": s.pay, "Shop": s.url})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	body, err := json.Marshal(map[string]any{"count": len(found), "html": html.String()})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	tagged(w, r, "application/json", body)
}

func (s *Shop) product(w http.ResponseWriter, r *http.Request) {
	p, ok := productBySlug(r.PathValue("slug"))
	if !ok {
		s.fail(w, r, http.StatusNotFound, "Not on this shelf", "We do not make a lamp by that name.")
		return
	}
	s.mu.Lock()
	reviews := s.reviews[p.Slug]
	s.mu.Unlock()
	var others []Product
	for _, o := range catalog {
		if o.Kind == p.Kind && o.Slug != p.Slug || len(others) < 4 && o.Kind != p.Kind && o.Price < p.Price {
			others = append(others, o)
		}
	}
	s.render(w, r, http.StatusOK, "product", p.Name+" – "+p.Tagline, struct {
		*Product
		Facts       [][2]string
		Reviews     []review
		Others      []Product
		Left        int
		StarChoices []int
	}{p, details, reviews, others[:min(4, len(others))], s.stock.left(p.Slug), []int{5, 4, 3, 2, 1}})
}

func (s *Shop) help(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "help", "Help", nil)
}

func (s *Shop) showLog(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	entries := s.Log()
	if entries == nil {
		entries = []Entry{}
	}
	e.Encode(entries)
}
