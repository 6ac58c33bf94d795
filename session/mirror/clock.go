package mirror

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// clock is where an animation or a medium is: a time that was true when it was
// told and runs on since. A late follower is told where it has come to.
type clock struct {
	told  time.Time
	state string
	time  string // a number, or "" for none
	rate  string
	runs  bool
}

func newClock(now time.Time, state, at, rate string, runs bool) clock {
	return clock{now, strings.Clone(state), strings.Clone(at), strings.Clone(rate), runs}
}

// appendTime writes the time it is now, in milliseconds as it was told.
func (c clock) appendTime(b []byte, now time.Time) []byte { return c.append(b, now, 1) }

// append writes the time it is now, with unit units of it to a millisecond.
func (c clock) append(b []byte, now time.Time, unit float64) []byte {
	if c.time == "" {
		return append(b, "null"...)
	}
	passed := now.Sub(c.told).Milliseconds()
	if !c.runs || passed <= 0 {
		return append(b, c.time...)
	}
	at, err := strconv.ParseFloat(c.time, 64)
	rate, err2 := strconv.ParseFloat(c.rate, 64)
	at += float64(passed) * rate * unit
	if err != nil || err2 != nil || math.IsInf(at, 0) || math.IsNaN(at) {
		return append(b, c.time...)
	}
	return strconv.AppendFloat(b, math.Round(at*1000)/1000, 'f', -1, 64)
}
