// Renders a Helm chart the way "helm template" does (text/template, sprig, include, tpl, toYaml, required), so that the
// chart is tested where helm itself is not packaged. Standard library and Debian's sprig and yaml packages only.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run tools/chart/render.go [-f VALUES]... CHART RELEASE NAMESPACE
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

func main() {
	var files []string
	args := os.Args[1:]
	for len(args) > 1 && args[0] == "-f" {
		files = append(files, args[1])
		args = args[2:]
	}
	if len(args) != 3 {
		fail(fmt.Errorf("usage: render [-f VALUES]... CHART RELEASE NAMESPACE"))
	}
	chart := args[0]
	values := read(filepath.Join(chart, "values.yaml"))
	for _, file := range files {
		overlay(values, read(file))
	}
	meta := map[string]interface{}{}
	for key, value := range read(filepath.Join(chart, "Chart.yaml")) {
		meta[strings.ToUpper(key[:1])+key[1:]] = value
	}
	data := map[string]interface{}{
		"Chart":   meta,
		"Values":  values,
		"Release": map[string]interface{}{"Name": args[1], "Namespace": args[2], "Service": "Helm", "IsInstall": true, "IsUpgrade": false, "Revision": 1},
		"Capabilities": map[string]interface{}{
			"KubeVersion": map[string]interface{}{"Version": "v1.28.0", "Major": "1", "Minor": "28"},
		},
	}

	root := template.New("").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value interface{}) string {
		text, err := yaml.Marshal(value)
		if err != nil {
			fail(err)
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	functions["include"] = func(name string, context interface{}) (string, error) {
		var out bytes.Buffer
		err := root.ExecuteTemplate(&out, name, context)
		return out.String(), err
	}
	functions["tpl"] = func(text string, context interface{}) (string, error) {
		part, err := template.Must(root.Clone()).New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = part.Execute(&out, context)
		return out.String(), err
	}
	functions["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, fmt.Errorf("%s", message)
		}
		return value, nil
	}
	root.Funcs(functions)

	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	fail(err)
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		fail(err)
		_, err = root.New(filepath.Base(path)).Parse(string(text))
		fail(err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") || name == "NOTES.txt" {
			continue
		}
		var out bytes.Buffer
		fail(root.ExecuteTemplate(&out, name, data))
		text := strings.ReplaceAll(out.String(), "<no value>", "")
		if strings.TrimSpace(text) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, strings.TrimSpace(text))
		}
	}
}

func read(path string) map[string]interface{} {
	text, err := os.ReadFile(path)
	fail(err)
	values := map[string]interface{}{}
	fail(yaml.Unmarshal(text, &values))
	return values
}

func overlay(base, over map[string]interface{}) {
	for key, value := range over {
		inner, isMap := value.(map[string]interface{})
		current, wasMap := base[key].(map[string]interface{})
		if isMap && wasMap {
			overlay(current, inner)
		} else if value == nil {
			delete(base, key)
		} else {
			base[key] = value
		}
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
