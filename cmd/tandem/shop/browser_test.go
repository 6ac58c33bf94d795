package shop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A tab is the shop in a real browser. With SHOP_PICTURES=DIR it leaves a
// picture of every step there, to look at.
type tab struct {
	t    *testing.T
	ctx  context.Context
	shop *Shop
}

func openTab(t *testing.T) *tab {
	t.Helper()
	chromium := "/usr/bin/chromium"
	if _, err := os.Stat(chromium); err != nil || testing.Short() {
		t.Skip("needs " + chromium + ", and is slow")
	}
	shop, err := Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close() })
	alloc, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(chromium), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-site-isolation-trials", true), chromedp.Flag("disable-features", "IsolateOrigins,SitePerProcess"))
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	b := &tab{t, ctx, shop}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) visit(path string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(b.shop.URL()+path)); err != nil {
		b.t.Fatal(err)
	}
}

// eval runs a script, which may await, and returns its value as text.
func (b *tab) eval(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => String("+script+"))()", chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// until waits for an expression to be true; a page that is just being left may
// fail to answer.
func (b *tab) until(expression string) {
	b.t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		cancel()
		if err == nil && ok {
			return
		}
	}
	b.t.Fatalf("never true: %s", expression)
}

func (b *tab) picture(name string) {
	dir := os.Getenv("SHOP_PICTURES")
	if dir == "" {
		return
	}
	b.t.Helper()
	b.eval("document.fonts.ready.then(() => Promise.all([...document.images].filter(i => i.loading !== 'lazy').map(i => i.decode().catch(() => 0))))")
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, height)); err != nil {
		b.t.Fatal(err)
	}
}

// set types a value the way a script would, and tells the page.
func set(selector, value string) string {
	return fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); })(document.querySelector(%q))`, value, selector)
}

func click(selector string) string {
	return fmt.Sprintf(`document.querySelector(%q).click()`, selector)
}

func TestShoppingInABrowser(t *testing.T) {
	b := openTab(t)
	b.visit("/")
	b.until(`document.querySelector('#ticker-text').textContent.includes('left')`)
	b.picture("home")

	b.visit("/lamps")
	b.eval(set("#filters [name=q]", "globe"))
	b.until(`location.search === '?q=globe' && document.querySelectorAll('#results .card').length === 1`)
	b.picture("search")
	b.eval("history.back()")
	b.until(`location.search === '' && document.querySelectorAll('#results .card').length === 12`)
	b.eval("scrollTo(0, 0)")
	b.picture("list")

	b.visit("/lamp/alma")
	b.eval(click("input[value=sage]"))
	b.eval(click("[data-scene=evening]"))
	b.until(`document.querySelector('#picture').src.endsWith('?finish=sage&scene=evening')`)
	b.picture("product")
	b.eval(click("#zoom"))
	b.until(`document.querySelector('#large').open`)
	b.picture("dialog")
	b.eval(click("#large button"))
	b.eval(click("#buy button"))
	b.until(`document.querySelector('.lines li')`)
	b.until(`document.querySelector('#basket-count').textContent === '1'`)

	b.eval(`postMessage({type: 'coupon', code: 'WARM10'}, location.origin)`)
	b.until(`document.querySelector('#discount')`)
	b.picture("cart")

	b.eval(click("#to-checkout"))
	b.until(`location.pathname === '/login' && document.readyState === 'complete'`)
	b.picture("login")
	b.eval(set("[name=email]", customer))
	b.eval(set("[name=password]", password))
	b.eval(click("main form button"))
	b.until(`location.pathname === '/checkout' && document.readyState === 'complete'`)
	b.eval(set("[name=name]", "Ida Lindqvist"))
	b.eval(set("[name=street]", "Havnegade 1"))
	b.eval(set("[name=city]", "Aarhus"))
	b.eval(click("#wrap"))
	b.eval(`document.querySelector('#note').textContent = 'For the long evenings.'`)
	b.eval(click("#place"))
	b.until(`!document.querySelector('#pay-problem').hidden`)
	b.size(1280, 1500)
	b.picture("checkout")
	b.size(1280, 900)

	// The frame's fields, by keyboard, as a person would.
	b.eval(`document.querySelector('#payment').focus()`)
	for _, field := range []string{"\t", "4242424242424242", "\t", "Ida Lindqvist", "\t", "12/30", "\t", "123"} {
		if err := chromedp.Do(b.ctx, chromedp.KeyEvent(field)); err != nil {
			t.Fatal(err)
		}
	}
	b.eval(click("#place"))
	b.until(`document.querySelector('#order-id')`)
	b.picture("order")
	b.visit("/account")
	b.picture("account")

	var orders []string
	for _, e := range b.shop.Log() {
		if e.Kind == "order" || e.Kind == "login" || e.Kind == "payment" {
			orders = append(orders, e.Kind)
		}
	}
	if got, want := strings.Join(orders, " "), "login payment order"; got != want {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

func TestChatInABrowser(t *testing.T) {
	b := openTab(t)
	b.visit("/lamp/vera")
	b.eval(click("#chat-open"))
	b.until(`document.querySelectorAll('#chat-log li').length === 1`)
	b.eval(set("#chat-text", "Hello, how long is delivery?"))
	b.eval(click("#chat-form button"))
	b.until(`document.querySelectorAll('#chat-log li').length === 3`)
	b.picture("chat")
	b.visit("/cart")
	b.until(`document.querySelectorAll('#chat-log li').length === 3`)
}

func TestBuilderInABrowser(t *testing.T) {
	b := openTab(t)
	b.visit("/build")
	b.until(`document.querySelector('lamp-stage').shadowRoot?.querySelector('svg')`)
	b.eval(set("#form", "globe"))
	b.until(`document.querySelector('#design').value.startsWith('globe-')`)
	b.eval(click("#sign"))
	b.eval(`import('/assets/sketch.js')`)
	b.size(1280, 1150)
	b.picture("build")
	b.eval(click("#review-build"))
	b.until(`document.querySelector('#check').open`)
	b.picture("check")
	b.eval(click("#check [value=yes]"))
	b.eval(click("#build .button:not(.plain)"))
	b.until(`location.pathname === '/cart' && document.querySelector('.engraving')`)
	b.picture("built-cart")
	b.size(390, 844)
	b.visit("/")
	b.picture("phone-home")
	b.visit("/lamp/alma")
	b.picture("phone-product")
}
