// Answers questions by cedar-go: a line of JSON in, a line of JSON out (cedar_go.py says which, and compares).
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// The first line: the rules by id, and what every question may reach.
type rules struct {
	Policies map[string]string `json:"policies"`
	Entities types.EntityMap   `json:"entities"`
}

// Every other line: one world, and the questions asked in it.
type world struct {
	Entities types.EntityMap `json:"entities"`
	Asks     []struct {
		Principal types.EntityUID `json:"principal"`
		Action    string          `json:"action"`
		Resource  types.EntityUID `json:"resource"`
		Context   types.Record    `json:"context"`
	} `json:"asks"`
}

// An answer: whether, by which rules, and the rules that erred.
type answer struct {
	Allowed bool     `json:"allowed"`
	Rules   []string `json:"rules"`
	Errors  []string `json:"errors"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	if !lines.Scan() {
		log.Fatal("no rules")
	}
	var first rules
	read(lines.Bytes(), &first)
	set := cedar.NewPolicySet()
	for id, text := range first.Policies {
		var policy cedar.Policy
		if err := policy.UnmarshalCedar([]byte(text)); err != nil {
			log.Fatalf("%s: %v", id, err)
		}
		set.Add(cedar.PolicyID(id), &policy)
	}
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		var asked world
		read(lines.Bytes(), &asked)
		for id, entity := range first.Entities {
			if _, given := asked.Entities[id]; !given {
				asked.Entities[id] = entity
			}
		}
		answers := make([]answer, 0, len(asked.Asks))
		for _, ask := range asked.Asks {
			action := types.NewEntityUID("Action", types.String(ask.Action))
			decision, why := cedar.Authorize(set, asked.Entities, cedar.Request{
				Principal: ask.Principal, Action: action, Resource: ask.Resource, Context: ask.Context,
			})
			answers = append(answers, answer{bool(decision), reasons(why), faults(why)})
		}
		written, err := json.Marshal(answers)
		if err != nil {
			log.Fatal(err)
		}
		out.Write(append(written, '\n'))
		out.Flush()
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func read(line []byte, into any) {
	if err := json.Unmarshal(line, into); err != nil {
		log.Fatal(err)
	}
}

func reasons(why cedar.Diagnostic) []string {
	found := make([]string, 0, len(why.Reasons))
	for _, reason := range why.Reasons {
		found = append(found, string(reason.PolicyID))
	}
	slices.Sort(found)
	return found
}

func faults(why cedar.Diagnostic) []string {
	found := make([]string, 0, len(why.Errors))
	for _, fault := range why.Errors {
		found = append(found, string(fault.PolicyID))
	}
	slices.Sort(found)
	return found
}
