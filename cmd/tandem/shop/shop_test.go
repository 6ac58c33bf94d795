package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A browser is a client with cookies that finds *.localhost on loopback.
type browser struct {
	*http.Client
	t    *testing.T
	shop *Shop
}

func toLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
}

func open(t *testing.T) *browser {
	t.Helper()
	shop, err := Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close() })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: toLoopback}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{&http.Client{Jar: jar, Transport: transport}, t, shop}
}

// read does the request and checks its status.
func (b *browser) read(status int, r *http.Request) (body string, h http.Header) {
	b.t.Helper()
	answer, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.StatusCode != status {
		b.t.Fatalf("%s %s: status %d, want %d\n%.300s", r.Method, r.URL, answer.StatusCode, status, data)
	}
	return string(data), answer.Header
}

func (b *browser) request(method, url string, body io.Reader, header ...string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, url, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (b *browser) get(path string) string {
	b.t.Helper()
	body, _ := b.read(http.StatusOK, b.request("GET", b.shop.URL()+path, nil))
	return body
}

func (b *browser) post(status int, url string, form ...string) string {
	b.t.Helper()
	u, err := http.NewRequest("POST", url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	body, _ := b.read(status, b.request("POST", url, strings.NewReader(values(form)),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", u.URL.Scheme+"://"+u.URL.Host))
	return body
}

func values(pairs []string) string {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form.Encode()
}

func (b *browser) kinds() (list []string) {
	for _, e := range b.shop.Log() {
		list = append(list, e.Kind)
	}
	return list
}

func (b *browser) signIn() {
	b.t.Helper()
	b.post(200, b.shop.URL()+"/login", "email", customer, "password", password, "next", "/account")
}

func find(t *testing.T, pattern, in string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(in)
	if m == nil {
		t.Fatalf("no %s in\n%s", pattern, in)
	}
	return m[1]
}

func count(list []string, want string) (n int) {
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}

func TestEveryPageShows(t *testing.T) {
	b := open(t)
	for _, path := range []string{"/", "/lamps", "/lamps?q=brass&max=300&sort=price", "/lamps/desk", "/lamp/alma", "/build", "/cart", "/login", "/help", "/log",
		"/assets/shop.css", "/assets/build.js", "/api/search?q=oak", "/api/lamp.svg?design=globe-brass-glass-100-70"} {
		if body := b.get(path); body == "" {
			t.Errorf("GET %s: empty", path)
		}
	}
	for _, p := range catalog {
		if page := b.get("/lamp/" + p.Slug); !strings.Contains(page, p.Tagline) {
			t.Errorf("/lamp/%s does not show its tagline", p.Slug)
		}
		for _, f := range p.Finishes {
			b.read(200, b.request("GET", b.shop.PayURL()+"/cdn/lamp/"+p.Slug+".svg?finish="+f, nil))
		}
	}
	b.read(404, b.request("GET", b.shop.URL()+"/nothing", nil))
	b.read(http.StatusMisdirectedRequest, b.request("GET", strings.Replace(b.shop.URL(), "shop.", "other.", 1), nil))
}

func TestPagesMixOrigins(t *testing.T) {
	b := open(t)
	body, h := b.read(200, b.request("GET", b.shop.URL()+"/", nil))
	for _, want := range []string{b.shop.PayURL() + "/cdn/type.css", `integrity="sha384-`, b.shop.PayURL() + "/cdn/lamp/alma.svg"} {
		if !strings.Contains(body, want) {
			t.Errorf("home page lacks %s", want)
		}
	}
	n := find(t, `<script nonce="([^"]+)"`, body)
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "'nonce-"+n+"'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q does not carry nonce %s", policy, n)
	}
	_, font := b.read(200, b.request("GET", b.shop.PayURL()+"/cdn/fonts/fraunces.woff2", nil))
	if got := font.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("font allows %q, want *", got)
	}
}

func TestSearch(t *testing.T) {
	tests := []struct {
		query Query
		want  string
	}{
		{Query{Text: "opal globe"}, "luna"},
		{Query{Kind: "desk", Sort: "price"}, "nils arne"},
		{Query{Max: 130}, "tove siri"},
		{Query{Text: "OAK"}, "ivar"},
		{Query{Text: "no such lamp"}, ""},
	}
	for _, tt := range tests {
		var slugs []string
		for _, p := range tt.query.find() {
			slugs = append(slugs, p.Slug)
		}
		if got := strings.Join(slugs, " "); got != tt.want {
			t.Errorf("%+v finds %q, want %q", tt.query, got, tt.want)
		}
	}
}

func TestBuyingLogsOneOrder(t *testing.T) {
	b := open(t)
	shop := b.shop.URL()
	page := b.post(200, shop+"/cart", "lamp", "alma", "finish", "sage", "size", "Large", "quantity", "2")
	if !strings.Contains(page, "€378") {
		t.Errorf("basket does not show €378:\n%s", page)
	}
	if page := b.get("/checkout"); !strings.Contains(page, "current-password") {
		t.Error("the checkout is open to strangers")
	}
	b.post(422, shop+"/login", "email", customer, "password", "wrong")
	b.signIn()
	page = b.get("/checkout")
	token, payment := find(t, `name="token" value="([^"]+)"`, page), find(t, `payment=([^"]+)"`, page)

	frame, h := b.read(200, b.request("GET", b.shop.PayURL()+"/frame?payment="+payment, nil))
	if !strings.Contains(frame, "€378") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors "+shop) {
		t.Errorf("payment frame is wrong: %v\n%s", h, frame)
	}
	order := []string{"token", token, "name", "Ida", "street", "Havnegade 1", "city", "Aarhus", "country", "Denmark", "day", "2030-01-02", "speed", "standard"}
	b.post(http.StatusPaymentRequired, shop+"/checkout", order...)
	confirm := b.shop.PayURL() + "/frame/confirm"
	b.post(422, confirm, "payment", payment, "number", "4242 4242 4242 4241", "expiry", "12/30", "code", "123")
	card := []string{"payment", payment, "number", "4242 4242 4242 4242", "expiry", "12/30", "code", "123"}
	var paid struct{ Receipt string }
	if err := json.Unmarshal([]byte(b.post(200, confirm, card...)), &paid); err != nil {
		t.Fatal(err)
	}
	b.post(http.StatusConflict, confirm, card...)
	order = append(order, "receipt", paid.Receipt)
	page = b.post(200, shop+"/checkout", order...)
	id := find(t, `id="order-id">([^<]+)<`, page)
	b.post(http.StatusConflict, shop+"/checkout", order...)

	if got := b.kinds(); count(got, "order") != 1 || count(got, "payment") != 1 || count(got, "login") != 1 || count(got, "login-failed") != 1 {
		t.Errorf("log has %v, want one order, payment, login and failed login", got)
	}
	log := b.get("/log")
	for _, secret := range []string{password, "4242", token, paid.Receipt, "wrong\""} {
		if strings.Contains(log, secret) {
			t.Errorf("the log contains %q", secret)
		}
	}
	pdf, h := b.read(http.StatusPartialContent, b.request("GET", shop+"/order/"+id+"/invoice.pdf", nil, "Range", "bytes=0-7"))
	if pdf != "%PDF-1.4" || h.Get("Accept-Ranges") != "bytes" {
		t.Errorf("invoice begins with %q", pdf)
	}
	if page := b.get("/account"); !strings.Contains(page, id) {
		t.Error("the account does not list the order")
	}
}

func TestOthersCannotPost(t *testing.T) {
	b := open(t)
	for _, origin := range []string{"http://evil.example", b.shop.PayURL(), "null"} {
		b.read(http.StatusForbidden, b.request("POST", b.shop.URL()+"/cart", nil, "Origin", origin))
	}
}

func TestSessionCookieIsGuarded(t *testing.T) {
	b := open(t)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	_, h := b.read(http.StatusSeeOther, b.request("POST", b.shop.URL()+"/login",
		strings.NewReader(values([]string{"email", customer, "password", password, "next", "//evil.example"})), "Content-Type", "application/x-www-form-urlencoded"))
	if c := h.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Strict") {
		t.Errorf("session cookie is %q", c)
	}
	if to := h.Get("Location"); to != "/account" {
		t.Errorf("sign-in leads to %s, want /account", to)
	}
}

func TestPhotoComesBack(t *testing.T) {
	b := open(t)
	var picture, body bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	upload := func(photo []byte) *http.Request {
		body.Reset()
		form := multipart.NewWriter(&body)
		form.WriteField("name", "Ann")
		form.WriteField("text", "Lovely <b>light</b>")
		form.WriteField("stars", "4")
		file, err := form.CreateFormFile("photo", "p.png")
		if err != nil {
			t.Fatal(err)
		}
		file.Write(photo)
		form.Close()
		return b.request("POST", b.shop.URL()+"/lamp/luna/reviews", &body, "Content-Type", form.FormDataContentType())
	}
	page, _ := b.read(200, upload(picture.Bytes()))
	if strings.Contains(page, "<b>light") {
		t.Error("a review's markup is not escaped")
	}
	if got := b.get(find(t, `src="(/photo/[^"]+)"`, page)); got != picture.String() {
		t.Error("the photo came back different")
	}
	b.read(http.StatusUnsupportedMediaType, upload([]byte("<script>alert(1)</script>")))
}

func TestBuiltLamp(t *testing.T) {
	b := open(t)
	if page := b.post(200, b.shop.URL()+"/build", "design", "globe-brass-glass-100-70"); !strings.Contains(page, "globe, brass base, glass shade") {
		t.Errorf("the basket lacks the lamp:\n%s", page)
	}
	b.post(422, b.shop.URL()+"/build", "design", `globe-"><script>-glass-100-70`)
}

func TestChatAnswersOnce(t *testing.T) {
	b := open(t)
	dialer := websocket.Dialer{NetDialContext: toLoopback, Jar: b.Jar}
	address := strings.Replace(b.shop.URL(), "http", "ws", 1) + "/chat"
	if _, _, err := dialer.Dial(address, http.Header{"Origin": {"http://evil.example"}}); err == nil {
		t.Error("the chat talks to other sites")
	}
	ws, _, err := dialer.Dial(address, http.Header{"Origin": {b.shop.URL()}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteJSON(message{Text: "How do I return this?"}); err != nil {
		t.Fatal(err)
	}
	var said []string
	ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	for len(said) < 4 {
		var m message
		if err := ws.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		said = append(said, m.Type+" "+m.Who)
	}
	if got, want := strings.Join(said, ", "), "message Liv, message you, typing Liv, message Liv"; got != want {
		t.Errorf("conversation %q, want %q", got, want)
	}
	if n := count(b.kinds(), "message"); n != 1 {
		t.Errorf("log has %d messages, want 1", n)
	}
}

func TestStockStreams(t *testing.T) {
	b := open(t)
	answer, err := b.Do(b.request("GET", b.shop.URL()+"/events/stock", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got strings.Builder
	read := func(until string) {
		t.Helper()
		buf := make([]byte, 512)
		for !strings.Contains(got.String(), until) {
			n, err := answer.Body.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got.Write(buf[:n])
		}
	}
	read("event: stock")
	b.shop.stock.sell(line{"alma", "clay", "Small", 1})
	read("event: sale")
}

func TestUnchangedIsNotSentAgain(t *testing.T) {
	b := open(t)
	_, h := b.read(200, b.request("GET", b.shop.URL()+"/assets/shop.css", nil))
	b.read(http.StatusNotModified, b.request("GET", b.shop.URL()+"/assets/shop.css", nil, "If-None-Match", h.Get("ETag")))
	_, h = b.read(200, b.request("GET", b.shop.URL()+"/assets/shop.css", nil, "Accept-Encoding", "gzip"))
	if h.Get("Content-Encoding") != "gzip" {
		t.Error("the style sheet is not compressed")
	}
}

func TestRecentForgets(t *testing.T) {
	c := newRecent[int](2)
	c.put("a", 1)
	c.put("b", 2)
	c.put("a", 3)
	c.put("c", 4)
	if _, ok := c.get("a"); ok || len(c.m) != 2 {
		t.Errorf("kept %v, want b and c", c.m)
	}
}
