package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// compare has Chromium compile and run all files, original and rewritten.
func compare(ctx context.Context, results []*result) error {
	path := chromium()
	if path == "" {
		return errors.New("no Chromium: install it, or name it in CHROMIUM")
	}
	site := httptest.NewServer(serve(results))
	defer site.Close()
	profile, err := os.MkdirTemp("", "corpus")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	alloc, stop := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox,
		chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"))
	defer stop()
	browser, cancel := chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		return fmt.Errorf("starting %s: %w", path, err)
	}
	const some = 20 // files for one tab: programs leave things behind
	for from := 0; from < len(results); from += some {
		if err := compareSome(browser, site.URL, results, from, min(from+some, len(results))); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d ", min(from+some, len(results)), len(results))
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

func compareSome(browser context.Context, site string, results []*result, from, to int) error {
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	defer stop()
	if err := chromedp.Do(ctx, chromedp.Navigate(site)); err != nil {
		return err
	}
	for i := from; i < to; i++ {
		r := results[i]
		call := fmt.Sprintf("compare(%d, %s, %t)", i, quote(r.name), string(r.in) == string(r.out))
		got, err := chromedp.Run(ctx, chromedp.Evaluate[result](call, chromedp.EvalAwaitPromise))
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		r.Compiled, r.Ran = got.Compiled, got.Ran
	}
	return nil
}

// serve gives the page that compares, and the files by their numbers.
func serve(results []*result) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		page, _ := files.ReadFile("page.html")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	})
	mux.HandleFunc("GET /{which}/{number}", func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(strings.TrimSuffix(r.PathValue("number"), ".js"))
		if err != nil || i < 0 || i >= len(results) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		text := results[i].in
		if r.PathValue("which") == "rewritten" {
			text = results[i].out
		}
		w.Write(text)
	})
	return mux
}

func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
