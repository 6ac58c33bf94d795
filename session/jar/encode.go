package jar

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const formatVersion = 1

type fileForm struct {
	Version int          `json:"version"`
	Cookies []cookieForm `json:"cookies"`
}

// cookieForm is a cookie as it is kept on disk, in order of creation.
type cookieForm struct {
	Name      []byte    `json:"name,omitempty"` // bytes: a name or value need not be UTF-8
	Value     []byte    `json:"value,omitempty"`
	Domain    string    `json:"domain"`
	Path      []byte    `json:"path"`
	Partition string    `json:"partition,omitempty"`
	HostOnly  bool      `json:"host_only,omitempty"`
	Secure    bool      `json:"secure,omitempty"`
	HTTPOnly  bool      `json:"http_only,omitempty"`
	SameSite  sameSite  `json:"same_site,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
	Created   time.Time `json:"created"`
	Used      time.Time `json:"used"`
}

// MarshalBinary encodes all cookies, also those without an expiry date: they
// live as long as the session, not as long as a process.
func (j *Jar) MarshalBinary() ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	form := fileForm{Version: formatVersion}
	for _, c := range j.sortedLocked() {
		form.Cookies = append(form.Cookies, cookieForm{
			Name: []byte(c.name), Value: []byte(c.value), Domain: c.domain, Path: []byte(c.path),
			Partition: c.partition, HostOnly: c.hostOnly, Secure: c.secure, HTTPOnly: c.httpOnly,
			SameSite: c.sameSite, Expires: c.expires.UTC(), Created: c.created.UTC(), Used: c.used.UTC(),
		})
	}
	return json.Marshal(form)
}

var errForm = errors.New("not a cookie jar")

// UnmarshalBinary replaces the jar's cookies with those of a MarshalBinary. On
// an error the jar is as it was.
func (j *Jar) UnmarshalBinary(data []byte) error {
	var form fileForm
	if err := json.Unmarshal(data, &form); err != nil {
		return fmt.Errorf("decoding cookie jar: %w", err)
	}
	if form.Version != formatVersion || len(form.Cookies) > maxPerJar {
		return fmt.Errorf("decoding cookie jar: %w", errForm)
	}
	var fresh Jar
	for _, f := range form.Cookies {
		c := &cookie{
			key: key{name: string(f.Name), domain: f.Domain, path: string(f.Path),
				partition: f.Partition, hostOnly: f.HostOnly},
			value: string(f.Value), secure: f.Secure, httpOnly: f.HTTPOnly, sameSite: f.SameSite,
			expires: f.Expires, created: f.Created, used: f.Used,
		}
		if !c.plausible() {
			return fmt.Errorf("decoding cookie jar: %w", errForm)
		}
		site := registrable(c.domain)
		if fresh.sites[site][c.key] == nil {
			fresh.insertLocked(site, c, c.used)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sites, j.total, j.bytes, j.order = fresh.sites, fresh.total, fresh.bytes, fresh.order
	return nil
}

func (c *cookie) plausible() bool {
	return c.domain != "" && c.path != "" && c.path[0] == '/' && len(c.path) <= maxPath &&
		len(c.name)+len(c.value) <= maxPair && !hasControl(c.name+c.value+c.path) && c.sameSite <= sameSiteStrict
}
