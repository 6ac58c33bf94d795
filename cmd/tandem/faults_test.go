package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	math "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tandem/session"
)

// Faults of the machine: a server in a process of its own is killed, and finds
// its disk full or not writable. make test-faults runs them.

// process is a server that can be killed, and everything a battle has but a Hub.
type process struct {
	*battle
	data string
	wrap []string // a command to run it by
	args []string // of serve
	cmd  *exec.Cmd

	stdin  io.Reader
	stdout io.Writer
}

func newProcess(t *testing.T) *process {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	control := &url.URL{Scheme: "http", Host: net.JoinHostPort(defaultControl, port)}
	p := &process{
		battle: &battle{
			t: t, log: new(record), site: newTarget(t),
			server: &server{Control: control, Content: net.JoinHostPort(defaultContent, port), cfg: config{Listen: address}},
		},
		data: t.TempDir(),
		args: []string{"--log-debug"},
	}
	t.Cleanup(p.kill)
	return p
}

// start runs the server until it answers.
func (p *process) start() {
	p.t.Helper()
	args := append(slices.Clone(p.wrap), "tandem", "--data", p.data, "serve", "--listen", p.cfg.Listen)
	args = append(args, p.args...)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stdin, p.cmd.Stdout = p.stdin, p.stdout
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", p.cfg.Listen); err == nil {
			conn.Close()
			if _, err := p.cli("session", "list"); err == nil {
				return
			}
		}
		if time.Now().After(end) {
			p.t.Fatalf("the server did not start: %s", p.log)
		}
	}
}

// kill ends it as a power cut does: nothing of it runs any more.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGKILL)
	p.cmd.Wait()
	p.cmd = nil
}

// cli runs a command against it.
func (p *process) cli(args ...string) (string, error) {
	args = append(append(slices.Clone(p.wrap), "tandem", "--data", p.data), args...)
	cmd := exec.Command(args[0], args[1:]...)
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, told.String())
	}
	return string(out), err
}

func (p *process) mustCLI(args ...string) string {
	p.t.Helper()
	out, err := p.cli(args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// killedWhile does act, kills the server somewhere in the middle of it and
// starts it again. It reports whether act was acknowledged before that.
func (p *process) killedWhile(act func() bool) (acknowledged bool) {
	p.t.Helper()
	done := make(chan bool, 1)
	go func() { done <- act() }()
	time.Sleep(time.Duration(math.IntN(8000)) * time.Microsecond)
	p.kill()
	acknowledged = <-done
	p.start()
	return acknowledged
}

// try sends a request whose connection may break, and reads the answer.
func (c *client) try(method, address, body string, h header) (status int, text string, location string) {
	req, err := http.NewRequestWithContext(c.b.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		return 0, "", ""
	}
	for name, value := range h {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", ""
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", ""
	}
	if to, err := resp.Location(); err == nil {
		location = to.String()
	}
	return resp.StatusCode, string(read), location
}

func (c *client) tryAPI(path, body string) (status int, text string) {
	status, text, _ = c.try(http.MethodPost, c.b.Control.String()+path, body, header{"Content-Type": "application/json", "Origin": c.b.Control.String()})
	return status, text
}

// summary is what the command line tells of a session.
func (p *process) summary(id string) session.Summary {
	p.t.Helper()
	var all []session.Summary
	if err := json.Unmarshal([]byte(p.mustCLI("session", "list", "--json")), &all); err != nil {
		p.t.Fatal(err)
	}
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	p.t.Fatalf("session %s is lost", id)
	return session.Summary{}
}

// TestFaultKilledWhileJoining kills the server in the middle of every step from
// the invitation to the first page. What was acknowledged is there afterwards;
// what was not can be done again; and the audit log is whole.
func TestFaultKilledWhileJoining(t *testing.T) {
	onlyFaults(t)
	p := newProcess(t)
	p.start()
	p.mustCLI("origins", "allow", "--private", p.site.URL)
	for range 3 {
		p.joinKilled()
	}
	p.mustCLI("audit", "verify")
}

func (p *process) joinKilled() {
	t := p.t
	t.Helper()
	// again does a step until it is acknowledged, killing the server once.
	again := func(step string, act func() bool) {
		t.Helper()
		if p.killedWhile(act) {
			return
		}
		if !act() {
			t.Fatalf("%s: not even after the start", step)
		}
	}
	var invited session.Invitation
	again("inviting", func() bool {
		out, err := p.cli("session", "create", p.site.URL+"/", "--agent-name", "Ada", "--json")
		return err == nil && json.Unmarshal([]byte(out), &invited) == nil
	})
	if s := p.summary(invited.ID); s.State != session.Waiting {
		t.Fatalf("invited, and %s", s.State)
	}
	visitor, agent := p.client(), p.client()
	join := func(c *client, link string) func() bool {
		attempt := base64.RawURLEncoding.EncodeToString([]byte(rand.Text()[:16])) // what the page makes
		return func() bool {
			body, _ := json.Marshal(map[string]string{"session": invited.ID, "secret": secretOf(link), "attempt": attempt})
			status, _ := c.tryAPI("/api/join", string(body))
			return status == http.StatusOK
		}
	}
	again("the agent", join(agent, invited.AgentURL))
	again("the visitor", join(visitor, invited.VisitorURL))
	var way struct{ Enter, Ticket string }
	terms := visitor.agreement(invited.ID)
	accept := func() bool {
		status, text := visitor.tryAPI("/api/sessions/"+invited.ID+"/visitor/accept", terms)
		return status == http.StatusOK && json.Unmarshal([]byte(text), &way) == nil && way.Ticket != ""
	}
	again("consenting", accept)
	if s := p.summary(invited.ID); s.State != session.Active {
		t.Fatalf("consented, and %s", s.State)
	}
	// Tickets live in memory and die with the server; the page asks for another.
	enter := func() bool {
		status, _, to := visitor.try(http.MethodPost, way.Enter, url.Values{"ticket": {way.Ticket}}.Encode(),
			header{"Content-Type": "application/x-www-form-urlencoded", "Origin": p.Control.String()})
		return status == http.StatusSeeOther && to != ""
	}
	again("entering", func() bool {
		status, text := visitor.tryAPI("/api/sessions/"+invited.ID+"/visitor/enter", "{}")
		return status == http.StatusOK && json.Unmarshal([]byte(text), &way) == nil && enter()
	})
	again("the first page", func() bool {
		to := p.at(invited.ID, p.site.URL+"/")
		for range 10 {
			status, text, location := visitor.try(http.MethodGet, to, "", navigation)
			if location == "" {
				return status == http.StatusOK && strings.Contains(text, "c4nary-of-the-page")
			}
			to = location
		}
		return false
	})
	before := len(p.site.requests())
	if _, text := visitor.follow(p.at(invited.ID, p.site.URL+"/again")); !strings.Contains(text, "c4nary") {
		t.Fatalf("the visitor is not known any more: %.200s", text)
	}
	if got := p.site.requests()[before:]; len(got) != 1 || got[0].Header.Get("Cookie") != "account=c4nary-http-only" {
		t.Errorf("the site's cookie is lost: %v", got)
	}
	p.mustCLI("session", "end", invited.ID)
}

// onDisk is a command that runs another where its data directory is a small
// disk of its own, which fill fills and clear empties.
type smallDisk struct{ wrap []string }

func newSmallDisk(t *testing.T, dir string) smallDisk {
	t.Helper()
	const mount = `mount -t tmpfs -o size=4m,mode=0700 none "$0" && echo mounted && exec sleep 3600`
	holder := exec.Command("unshare", "--map-root-user", "--mount", "sh", "-c", mount, dir)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		holder.Process.Kill()
		holder.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		t.Fatalf("this needs user namespaces: %q, %v", line, err)
	}
	return smallDisk{[]string{"nsenter", "--target", strconv.Itoa(holder.Process.Pid), "--mount", "--user", "--preserve-credentials"}}
}

func (d smallDisk) run(t *testing.T, script, dir string) {
	t.Helper()
	cmd := exec.Command(d.wrap[0], append(d.wrap[1:], "sh", "-c", script, dir)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
}

// TestFaultFullDisk fills the disk under a running server. What is told to be
// done is done, what can't be kept is refused, those who are together go on; and
// when there is room again everything works without a restart.
func TestFaultFullDisk(t *testing.T) {
	onlyFaults(t)
	p := newProcess(t)
	disk := newSmallDisk(t, p.data)
	p.wrap = disk.wrap
	p.start()
	p.mustCLI("origins", "allow", "--private", p.site.URL)
	invite := func() (invited session.Invitation, err error) {
		out, err := p.cli("session", "create", p.site.URL+"/", "--json")
		if err == nil {
			err = json.Unmarshal([]byte(out), &invited)
		}
		return invited, err
	}
	meets, err := invite()
	if err != nil {
		t.Fatal(err)
	}
	waits, err := invite()
	if err != nil {
		t.Fatal(err)
	}
	visitor, late := p.client(), p.client()
	visitor.enter(meets)
	late.join(waits.ID, waits.VisitorURL)
	terms := late.agreement(waits.ID)
	visitor.follow(p.at(meets.ID, p.site.URL+"/"))

	disk.run(t, `dd if=/dev/zero of="$0/filler" bs=4k 2>/dev/null; true`, p.data)
	if _, err := invite(); err == nil {
		t.Error("a session was made that is nowhere kept")
	} else {
		t.Logf("inviting: %v", err)
	}
	// Files have some room left in their last blocks, which this uses up.
	var cookies atomic.Int32
	p.site.on(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "new", Value: fmt.Sprint("crumb", cookies.Add(1)), Path: "/"})
		io.WriteString(w, "c4nary-of-the-page")
	})
	for range 50 {
		if _, text := visitor.follow(p.at(meets.ID, p.site.URL+"/next")); !strings.Contains(text, "c4nary") {
			t.Fatalf("those who are together cannot go on: %.300s", text)
		}
	}
	status, text := late.tryAPI("/api/sessions/"+waits.ID+"/visitor/accept", terms)
	if status != http.StatusInternalServerError {
		t.Errorf("consenting: %d %s", status, text)
	}
	if got := p.summary(waits.ID).State; got != session.Waiting {
		t.Errorf("not consented, and %s", got)
	}

	disk.run(t, `rm "$0/filler"`, p.data)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if status, text = late.tryAPI("/api/sessions/"+waits.ID+"/visitor/accept", terms); status == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("there is room again, and consenting fails: %d %s\n%s", status, text, p.log)
		}
	}
	for end := time.Now().Add(patience); !strings.Contains(p.log.String(), "content is saved again"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("there is room again, and nothing is saved: %s", p.log)
		}
	}
	visitor.follow(p.at(meets.ID, p.site.URL+"/more"))
	p.kill()
	p.start()
	before := len(p.site.requests())
	visitor.follow(p.at(meets.ID, p.site.URL+"/last"))
	if got := p.site.requests()[before:]; len(got) != 1 || !strings.HasSuffix(got[0].Header.Get("Cookie"), "new=crumb51") {
		t.Errorf("a cookie is lost: %v", got[0].Header)
	}
	p.mustCLI("audit", "verify")
}

// TestFaultReadOnly starts a server where it cannot write: it says so, and ends.
func TestFaultReadOnly(t *testing.T) {
	onlyFaults(t)
	p := newProcess(t)
	disk := newSmallDisk(t, p.data)
	p.wrap = disk.wrap
	disk.run(t, `mount -o remount,ro "$0"`, p.data)
	out, err := p.cli("serve", "--listen", "127.0.0.1:0")
	if err == nil || !strings.Contains(err.Error(), "read-only file system") || strings.Contains(err.Error(), "panic") {
		t.Errorf("%q, %v", out, err)
	}
	t.Log(err)
}

// onlyFaults skips what make test-faults runs.
func onlyFaults(t *testing.T) {
	t.Helper()
	if os.Getenv("TANDEM_TEST_FAULTS") == "" {
		t.Skip("make test-faults runs it")
	}
}

// TestFaultS47SlowClients opens two thousand connections that send a header, or
// a body, a byte at a time or not at all. Others are served as before; those
// without a header are closed, and nothing of them is left.
func TestFaultS47SlowClients(t *testing.T) {
	onlyFaults(t)
	b := newBattle(t)
	invited, visitor, _ := b.meet(session.Shared)
	visitor.follow(b.at(invited.ID, b.site.URL+"/"))
	content := strings.TrimPrefix(b.at(invited.ID, b.site.URL), "http://")
	closed := make(chan bool, 2000)
	for i := range cap(closed) {
		conn, err := net.Dial("tcp", b.cfg.Listen)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		switch i % 3 {
		case 0:
		case 1:
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nX: ", content)
		case 2:
			fmt.Fprintf(conn, "POST /api/join HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n", b.Control.Host)
		}
		go func() {
			_, err := io.Copy(io.Discard, conn)
			closed <- err == nil || errors.Is(err, syscall.ECONNRESET)
		}()
	}
	if resp, text := visitor.follow(b.at(invited.ID, b.site.URL+"/")); resp.StatusCode != http.StatusOK || !strings.Contains(text, "c4nary-of-the-page") {
		t.Errorf("the visitor meanwhile: %s", resp.Status)
	}
	for n := range cap(closed) {
		select {
		case ok := <-closed:
			if !ok {
				t.Error("a connection failed in another way than being closed")
			}
		case <-time.After(2 * patience):
			t.Fatalf("only %d of %d were closed", n, cap(closed))
		}
	}
	if _, text := visitor.follow(b.at(invited.ID, b.site.URL+"/")); !strings.Contains(text, "c4nary-of-the-page") {
		t.Errorf("afterwards: %.200s", text)
	}
}
