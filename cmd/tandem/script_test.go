package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tandem/session"
)

// tests closes what the tests of the package share.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	for _, stop := range []func(){shared.stop, sharedGecko.stop} {
		if stop != nil {
			stop()
		}
	}
	return code
}

func TestMain(m *testing.M) {
	// Each command that tests run would take a second to exit.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	testscript.Main(tests{m}, map[string]func(){"tandem": main, "measured": measured})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "xdg"))
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"awaitfile": awaitFile,
			"jsonfield": jsonField,
			"private":   private,
			"answers":   answers,
			"replace":   replace,
		},
	})
}

// awaitFile waits until a file is there, or with "!" is gone.
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) == neg {
			return
		}
	}
	ts.Fatalf("waited in vain for %s", args[0])
}

// jsonField sets a variable to a string field of the JSON in a file, which may
// be "stdout".
func jsonField(ts *testscript.TestScript, _ bool, args []string) {
	var v map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	text, ok := v[args[1]].(string)
	if !ok || text == "" {
		ts.Fatalf("no %s in %v", args[1], v)
	}
	ts.Setenv(args[2], text)
}

// private checks that only the user may open a file.
func private(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Lstat(ts.MkAbs(args[0]))
	ts.Check(err)
	if info.Mode().Perm()&0o077 != 0 {
		ts.Fatalf("%s has mode %v", args[0], info.Mode())
	}
}

// replace puts one text in the place of another in a file.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	before := ts.ReadFile(args[0])
	after := strings.ReplaceAll(before, args[1], args[2])
	if after == before {
		ts.Fatalf("%s does not contain %s", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o600))
}

// answers waits until a URL answers 200. Names below .localhost are looked for
// on this machine.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	var last error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		res, err := client.Get(args[0])
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(res.Status)
		}
		last = err
	}
	ts.Fatalf("%s: %v", args[0], last)
}

func TestEveryCommandHasAnExample(t *testing.T) {
	var walk func(path string, args ...string)
	walk = func(path string, args ...string) {
		cmd, _, err := newRoot().Find(args)
		if err != nil {
			t.Fatal(err)
		}
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s has no example or no description", path)
		}
		for _, sub := range cmd.Commands() {
			walk(path+" "+sub.Name(), append(args[:len(args):len(args)], sub.Name())...)
		}
	}
	walk("tandem")
}

func TestNamesOfTheServer(t *testing.T) {
	tests := []struct {
		cfg     config
		control string
		content string
		problem string // part of the error
	}{
		{config{Listen: "127.0.0.1:7070"}, "http://tandem.localhost:7070", "tandem-pages.localhost:7070", ""},
		{config{Listen: "[::1]:81"}, "http://tandem.localhost:81", "tandem-pages.localhost:81", ""},
		{config{Listen: ":443", TLSCert: "c", TLSKey: "k"}, "https://tandem.localhost:443", "tandem-pages.localhost:443", ""},
		{config{ControlURL: "https://Tandem.example/", ContentDomain: "*.tandem-pages.example"}, "https://tandem.example", "tandem-pages.example", ""},
		{config{ControlURL: "https://a.example", ContentDomain: "b.example", AllowSameSite: true}, "https://a.example", "b.example", ""},
		{config{ControlURL: "https://tandem.shop.example", ContentDomain: "pages.shop.example"}, "", "", "same site"},
		{config{ControlURL: "https://tandem.shop.example", ContentDomain: "pages.shop.example", AllowSameSite: true}, "https://tandem.shop.example", "pages.shop.example", ""},
		{config{ControlURL: "http://tandem.localhost", ContentDomain: "pages.tandem.localhost"}, "", "", "same site"},
		{config{ControlURL: "https://tandem.example", ContentDomain: "github.io"}, "", "", "public suffix"},
		{config{ControlURL: "https://tandem.example", ContentDomain: "localhost"}, "", "", "not a content domain"},
		{config{ControlURL: "https://tandem.example", ContentDomain: "10.0.0.1"}, "", "", "not a content domain"},
		{config{ControlURL: "https://tandem.example", ContentDomain: "https://pages.example"}, "", "", "not a content domain"},
		{config{ControlURL: "https://tandem.example/x", ContentDomain: "pages.example"}, "", "", "not a control URL"},
		{config{ControlURL: "ftp://tandem.example", ContentDomain: "pages.example"}, "", "", "not a control URL"},
		{config{ControlURL: "https://tandem.example"}, "", "", "belong together"},
		{config{Listen: ":1", TLSCert: "c"}, "", "", "belong together"},
		{config{ControlURL: "http://tandem.example", ContentDomain: "pages.example", TLSCert: "c", TLSKey: "k"}, "", "", "begins with http"},
	}
	for _, tt := range tests {
		control, content, err := names(tt.cfg)
		if tt.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tt.problem) || hintFor(err) == "" {
				t.Errorf("%+v: error %v with hint %q, want %q and a hint", tt.cfg, err, hintFor(err), tt.problem)
			}
			continue
		}
		if err != nil || control.String() != tt.control || content != tt.content {
			t.Errorf("%+v: %v %s, error %v; want %s %s", tt.cfg, control, content, err, tt.control, tt.content)
		}
	}
}

func TestDemoInvites(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		defer w.Close()
		code <- execute(ctx, []string{"demo", "--json", "--listen", "127.0.0.1:0", "--shop", "127.0.0.1:0"}, strings.NewReader(""), w, t.Output())
	}()
	var d demonstration
	if err := json.NewDecoder(bufio.NewReader(r)).Decode(&d); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, r)
	if d.ID == "" || d.Code == "" || !strings.HasPrefix(d.VisitorURL, d.Control+"/j/") || !strings.HasPrefix(d.AgentURL, d.Control+"/a/") {
		t.Errorf("the demo prints %+v", d)
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d after an interrupt, want 0", got)
	}
}

func TestServerComesBackWithItsState(t *testing.T) {
	dir := shortDir(t)
	var created string
	for i := range 2 {
		ctx, stop := context.WithCancel(t.Context())
		cfg := config{Listen: "127.0.0.1:0", Data: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
		cfg.Ready = func(s *server) {
			defer stop()
			running, ok := dialAdmin(dir)
			if !ok {
				t.Error("the running server's socket does not answer")
				return
			}
			if i == 0 {
				if err := running.Put(ctx, session.Rule{Pattern: "https://shop.example"}); err != nil {
					t.Error(err)
				}
				inv, err := running.Create(ctx, session.Request{URL: "https://shop.example/", Mode: session.View})
				if err != nil {
					t.Error(err)
				}
				created = inv.ID
			}
			list, err := running.Sessions(ctx)
			if err != nil || len(list) != 1 || list[0].ID != created {
				t.Errorf("run %d lists %+v, error %v; want session %s", i, list, err, created)
			}
		}
		if err := run(ctx, cfg); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneServerPerDirectory(t *testing.T) {
	dir := shortDir(t)
	ctx, stop := context.WithCancel(t.Context())
	cfg := config{Listen: "127.0.0.1:0", Data: dir, Logger: slog.New(slog.DiscardHandler)}
	cfg.Ready = func(*server) {
		defer stop()
		second := cfg
		second.Ready = func(*server) { t.Error("a second server runs on the same directory") }
		if err := run(ctx, second); err == nil || hintFor(err) == "" {
			t.Errorf("second server: error %v, want one with a hint", err)
		}
		if _, ok := dialAdmin(dir); !ok {
			t.Error("the second server took the first one's socket away")
		}
	}
	if err := run(ctx, cfg); err != nil {
		t.Fatal(err)
	}
}

// shortDir is a directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "t"+strings.ToLower(rand.Text()[:8]))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A request that has begun is answered, though the server is told to stop.
func TestStoppingLetsRequestsFinish(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	cfg := config{Listen: "127.0.0.1:0", Data: shortDir(t), Logger: slog.New(slog.DiscardHandler)}
	ready, done := make(chan *server, 1), make(chan error, 1)
	cfg.Ready = func(s *server) { ready <- s }
	go func() { done <- run(ctx, cfg) }()
	s := <-ready
	address := "127.0.0.1:" + s.Control.Port()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	const body = `{"code":"AAAAAAAA"}`
	fmt.Fprintf(conn, "POST /api/join HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		s.Control.Host, s.Control, len(body), body[:5])
	answered := bufio.NewReader(conn)

	// The listener accepts in order: a later request that is answered shows
	// that this one has begun.
	second, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	second.Body.Close()
	stop()
	for {
		probe, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		probe.Close()
		time.Sleep(5 * time.Millisecond)
	}
	io.WriteString(conn, body[5:])
	res, err := http.ReadResponse(answered, nil)
	if err != nil {
		t.Fatalf("the open request was cut off: %v", err)
	}
	res.Body.Close()
	if err := <-done; err != nil {
		t.Errorf("stopping: %v", err)
	}
}

// Browsers open connections ahead of need; a server that stops does not wait
// for what may never be asked on them.
func TestStoppingDoesNotWaitForSpareConnections(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var began time.Time
	cfg := config{Listen: "127.0.0.1:0", Data: shortDir(t), Logger: slog.New(slog.DiscardHandler)}
	cfg.Ready = func(s *server) {
		defer stop()
		address := "127.0.0.1:" + s.Control.Port()
		spare, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { spare.Close() })
		later, err := http.Get("http://" + address + "/healthz") // accepted after the spare one
		if err != nil {
			t.Error(err)
			return
		}
		later.Body.Close()
		began = time.Now()
	}
	if err := run(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 4*time.Second { // Shutdown alone takes more than five
		t.Errorf("stopping took %v", took)
	}
}
