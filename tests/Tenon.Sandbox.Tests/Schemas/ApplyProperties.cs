using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Tenon.Sandbox.Kubernetes;

namespace Tenon.Sandbox.Tests.Schemas;

/// <summary>What holds for every sequence of applies and updates.</summary>
public sealed class ApplyProperties
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly IObjectSchema Pods = SchemaDefaultsTests.Schema("v1", "Pod");
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(150);

    /// <summary>A configuration of a few labels and containers, so that managers often meet.</summary>
    private static Gen<JsonObject> Configurations() =>
        from labels in Gen.ListOf(Labels())
        from containers in Gen.ListOf(Containers())
        select Configuration(labels, containers);

    private static Gen<(string, string)> Labels() =>
        from key in Gen.Elements("a", "b", "c")
        from value in Gen.Elements("1", "2")
        select (key, value);

    private static Gen<(string, string, int)> Containers() =>
        from name in Gen.Elements("x", "y", "z")
        from image in Gen.Elements("i:1", "i:2")
        from port in Gen.Elements(80, 443)
        select (name, image, port);

    private static Gen<(T, TOther)> Both<T, TOther>(Gen<T> first, Gen<TOther> second) =>
        from one in first
        from other in second
        select (one, other);

    private static Gen<(string Manager, JsonObject Config)> Steps() =>
        from manager in Gen.Elements("one", "two", "three")
        from config in Configurations()
        select (manager, config);

    private static JsonObject Configuration(IEnumerable<(string, string)> labels, IEnumerable<(string, string, int)> containers)
    {
        var metadata = new JsonObject { ["name"] = "p", ["namespace"] = "n" };
        foreach ((string key, string value) in labels) metadata.Ensure("labels")[key] = value;
        var document = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata };
        foreach ((string name, string image, int port) in containers.DistinctBy(c => c.Item1))
        {
            document.Ensure("spec").EnsureArray("containers").Add((JsonNode)new JsonObject
            {
                ["name"] = name, ["image"] = image, ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = port }),
            });
        }

        return document;
    }

    private static ManagerRequest By(string manager) => new(manager, "v1", "", Force: true, Start);

    private static JsonObject Apply(JsonObject? live, string manager, JsonObject config) => Pods.Apply(live, config, By(manager)).Merged!;

    private static JsonObject? Run(IEnumerable<(string Manager, JsonObject Config)> steps)
    {
        JsonObject? live = null;
        foreach ((string manager, JsonObject config) in steps) live = Apply(live, manager, config);
        return live;
    }

    [Fact]
    public void Applying_twice_is_applying_once() => Check.One(Config, Prop.ForAll(Gen.ListOf(Steps()).Where(s => s.Any()).ToArbitrary(), steps =>
    {
        JsonObject live = Run(steps)!;
        (string manager, JsonObject config) = steps.Last();
        return JsonNode.DeepEquals(Apply(live, manager, config), live);
    }));

    [Fact]
    public void What_is_applied_last_is_there() => Check.One(Config, Prop.ForAll(Gen.ListOf(Steps()).Where(s => s.Any()).ToArbitrary(), steps =>
    {
        JsonObject live = Run(steps)!, config = steps.Last().Config;
        return config.Map("metadata", "labels").All(l => live.Text("metadata", "labels", l.Key) == l.Value)
            && config.Objects("spec", "containers").All(c => live.Objects("spec", "containers").Single(l => l.Text("name") == c.Text("name")).Text("image") == c.Text("image"));
    }));

    [Fact]
    public void Nothing_stays_that_nobody_applies() => Check.One(Config, Prop.ForAll(Gen.ListOf(Steps()).Where(s => s.Any()).ToArbitrary(), steps =>
    {
        JsonObject live = Run(steps)!;
        List<JsonObject> wanted = [.. steps.GroupBy(s => s.Manager).Select(g => g.Last().Config)];
        return live.Map("metadata", "labels").All(l => wanted.Any(w => w.Map("metadata", "labels").ContainsKey(l.Key)))
            && live.Objects("spec", "containers").All(c => wanted.Any(w => w.Objects("spec", "containers").Any(o => o.Text("name") == c.Text("name"))));
    }));

    [Fact]
    public void An_update_owns_what_it_changed_and_nobody_else_does() => Check.One(Config, Prop.ForAll(Both(Gen.ListOf(Steps()).Where(s => s.Any()), Configurations()).ToArbitrary(), both =>
    {
        JsonObject live = Run(both.Item1)!, updated = live.Copy();

        // As on the real server, an object that nobody owns anything of is not tracked until somebody applies.
        if (live.At("metadata", "managedFields") is null) return true;
        updated["metadata"]!["labels"] = new JsonObject { ["changed"] = "yes" };
        Pods.Track(live, updated, By("editor"));
        List<JsonObject> entries = [.. updated.Objects("metadata", "managedFields")];
        return entries.Where(e => e.At("fieldsV1", "f:metadata", "f:labels", "f:changed") is not null).Select(e => e.Text("manager")).SequenceEqual(["editor"])
            && entries.All(e => (e.At("fieldsV1", "f:metadata", "f:labels") as JsonObject ?? []).All(f => f.Key is "f:changed" or "."));
    }));

    [Fact]
    public void A_strategic_patch_that_sets_every_container_yields_them_in_its_order() =>
        Check.One(Config, Prop.ForAll(Both(Configurations(), Configurations()).ToArbitrary(), both =>
        {
            (JsonObject live, JsonObject wanted) = both;
            List<string> names = [.. wanted.Objects("spec", "containers").Select(c => c.Text("name")!)];
            if (names.Count == 0) return true;
            JsonObject patch = wanted.Copy();
            patch.Remove("metadata");
            JsonObject spec = patch.Ensure("spec");
            spec["$setElementOrder/containers"] = new JsonArray([.. names.Select(n => (JsonNode)new JsonObject { ["name"] = n })]);
            foreach (string gone in live.Objects("spec", "containers").Select(c => c.Text("name")!).Except(names).ToList())
                spec.EnsureArray("containers").Add((JsonNode)new JsonObject { ["name"] = gone, ["$patch"] = "delete" });
            JsonObject result = Pods.StrategicMerge(live, patch);
            return result.Objects("spec", "containers").Select(c => c.Text("name")).SequenceEqual(names);
        }));
}
