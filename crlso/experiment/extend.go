package experiment

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// extends returns nil if the plan d is that of earlier with nothing changed and perhaps something
// added.
func (d description) extends(earlier description) error {
	if err := d.agrees(earlier); err != nil {
		return err
	}
	if d.First > earlier.First || d.First+d.Seeds < earlier.First+earlier.Seeds {
		return fmt.Errorf("it has %s, not %s", seedRange(earlier.First, earlier.First+earlier.Seeds), seedRange(d.First, d.First+d.Seeds))
	}
	for _, there := range earlier.DataSets {
		if d.dataSet(there.Name).Name == "" {
			return fmt.Errorf("it holds results on %s, which this plan lacks", there.Name)
		}
	}
	for _, there := range earlier.Methods {
		switch end := earlier.end(there.Name); {
		case d.method(there.Name).Name == "":
			return fmt.Errorf("it holds results of %q, which this plan lacks", there.Name)
		case d.end(there.Name) < end:
			return fmt.Errorf("its %q has %s, not %s", there.Name, seedRange(earlier.First, end), seedRange(d.First, d.end(there.Name)))
		}
	}
	return nil
}

// seedRange names the seeds from first up to end - 1.
func seedRange(first, end int) string {
	if first == 0 {
		return fmt.Sprintf("%d seeds", end)
	}
	return fmt.Sprintf("seeds %d to %d", first, end-1)
}

// agrees returns nil if results of both plans can be compared: what they have in common is the same
// in both. A setting that did not exist in an earlier plan counts as the same while it is zero,
// which by this project's custom is how searches went before it existed.
func (d description) agrees(earlier description) error {
	switch {
	case d.Budget != earlier.Budget:
		return fmt.Errorf("its budget is %d, not %d", earlier.Budget, d.Budget)
	case d.Label != earlier.Label:
		return fmt.Errorf("its searches were shown the label %q, not %q", earlier.Label, d.Label)
	}
	for _, there := range earlier.DataSets {
		if here := d.dataSet(there.Name); here.Name != "" && here != there {
			return fmt.Errorf("its data set is %+v, not %+v", there, here)
		}
	}
	for _, there := range earlier.Methods {
		here := d.method(there.Name)
		if here.Name == "" {
			continue
		}
		if here.Searcher != there.Searcher {
			return fmt.Errorf("its %q is %s, not %s", there.Name, there.Searcher, here.Searcher)
		}
		if what := difference("", here.Settings, there.Settings); what != "" {
			return fmt.Errorf("its %q has another setting: %s", there.Name, what)
		}
		if mine, its := d.budget(here.Name), earlier.budget(here.Name); mine != its {
			return fmt.Errorf("its %q has %d queries, not %d", here.Name, its, mine)
		}
	}
	return nil
}

// difference compares settings as they are read back from JSON. It returns which of them, below a
// path, is the first that is not the same, "" if there is none.
func difference(path string, here, there any) string {
	fields, ok := here.(map[string]any)
	earlier, both := there.(map[string]any)
	if !ok || !both {
		if reflect.DeepEqual(here, there) {
			return ""
		}
		return fmt.Sprintf("%s %v there, %v here", path, there, here)
	}
	all := maps.Clone(earlier)
	maps.Copy(all, fields)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value, ok := fields[name]
		old, known := earlier[name]
		at := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case ok && known:
			if what := difference(at, value, old); what != "" {
				return what
			}
		case known:
			return fmt.Sprintf("%s %v there, which does not exist here", at, old)
		case !zero(value):
			return fmt.Sprintf("%s not there, %v here", at, value)
		}
	}
	return ""
}

// zero reports whether a setting, as it is read back from JSON, is that of a zero value.
func zero(setting any) bool {
	switch setting := setting.(type) {
	case map[string]any:
		for _, value := range setting {
			if !zero(value) {
				return false
			}
		}
		return true
	case []any:
		return len(setting) == 0
	}
	return slices.Contains([]any{nil, false, 0.0, ""}, setting)
}
