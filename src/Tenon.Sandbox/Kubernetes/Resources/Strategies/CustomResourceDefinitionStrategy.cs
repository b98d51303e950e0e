using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Schemas;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>
/// CustomResourceDefinitions: once stored, their names are accepted and the resource is served before the write returns; when deleted, their instances go
/// first.
/// </summary>
internal sealed class CustomResourceDefinitionStrategy : ResourceStrategy
{
    private const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";
    private static readonly GroupResource Definitions = new("apiextensions.k8s.io", "customresourcedefinitions");

    public CustomResourceDefinitionStrategy()
    {
        HasGeneration = true;
        RequiresResourceVersion = true;
    }

    public override void PrepareForCreate(JsonObject document, StrategyContext context)
    {
        SetDefaults(document);
        document["status"] = new JsonObject
        {
            ["acceptedNames"] = new JsonObject { ["kind"] = "", ["plural"] = "" },
            ["conditions"] = new JsonArray(),
            ["storedVersions"] = new JsonArray([.. StorageVersions(document).Select(v => (JsonNode)v)]),
        };
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context)
    {
        SetDefaults(document);
        JsonArray stored = document.Ensure("status").EnsureArray("storedVersions");
        foreach (string version in StorageVersions(document))
        {
            if (!stored.Any(v => v.AsText() == version)) stored.Add((JsonNode)version);
        }
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        JsonNode? spec = document["spec"];
        string group = spec.Text("group") ?? "", plural = spec.Text("names", "plural") ?? "";
        if (document.Text("metadata", "name") != $"{plural}.{group}")
        {
            yield return FieldError.Invalid("metadata.name", document.At("metadata", "name"), "must be spec.names.plural+\".\"+spec.group");
        }

        JsonObject[] versions = [.. spec.Objects("versions")];
        if (versions.Count(v => v.Bool("storage") == true) != 1)
        {
            yield return FieldError.Invalid("spec.versions", spec.At("versions"), "must have exactly one version marked as storage version");
        }

        foreach (IGrouping<string?, JsonObject> twice in versions.GroupBy(v => v.Text("name")).Where(g => g.Count() > 1))
        {
            yield return FieldError.Invalid("spec.versions", twice.Key ?? "", "must contain unique version names");
        }

        if (spec.Text("conversion", "strategy") is not (null or "None"))
        {
            yield return FieldError.NotSupported("spec.conversion.strategy", spec.At("conversion", "strategy"), ["None"]);
        }

        for (int i = 0; i < versions.Length; i++)
        {
            string path = $"spec.versions[{i}].schema.openAPIV3Schema";
            if (versions[i].Object("schema", "openAPIV3Schema") is not { } schema)
            {
                yield return FieldError.Required(path, "schemas are required");
                continue;
            }

            // The schema of an only version is looked at as that of all versions.
            string place = versions.Length == 1 ? "spec.validation.openAPIV3Schema" : path;
            foreach (FieldError problem in SchemaCatalog.BuiltIn.CheckStructural(place, schema)) yield return problem;
        }

        if (old is not null)
        {
            foreach (string path in (string[])["group", "scope"])
            {
                if (old["spec"].Text(path) != spec.Text(path))
                {
                    yield return FieldError.Invalid($"spec.{path}", spec.At(path), "field is immutable");
                }
            }
        }
    }

    public override void Stored(StoredObject stored, StoredObject? old, StrategyContext context)
    {
        if (stored.IsBeingDeleted)
        {
            Terminate(stored, context);
            return;
        }

        JsonObject document = stored.Document;
        var resource = new GroupResource(document.Text("spec", "group") ?? "", document.Text("spec", "names", "plural") ?? "");
        string? conflict = Conflict(document, context.Objects.Registry, resource);
        if (conflict is null)
        {
            if (old is null || !JsonNode.DeepEquals(old.Document["spec"], document["spec"]) || context.Objects.Registry.Find(resource) is null) context.Objects.Registry.Add(Read(document));
        }

        JsonObject copy = document.Copy();
        JsonObject status = copy.Ensure("status");
        if (conflict is null) status["acceptedNames"] = document.At("spec", "names")!.DeepClone();
        bool established = conflict is null;
        SetCondition(status, "NamesAccepted", established, established ? "NoConflicts" : "NamesConflict", conflict ?? "no conflicts found", context.Now);
        SetCondition(status, "Established", established, established ? "InitialNamesAccepted" : "NotAccepted",
            established ? "the initial names have been accepted" : "not all names are accepted", context.Now);
        JsonObject metadata = copy.Ensure("metadata");
        if (!metadata.Texts("finalizers").Contains(CleanupFinalizer)) metadata.EnsureArray("finalizers").Add((JsonNode)CleanupFinalizer);
        context.Store.Update(Definitions, copy, stored.Revision);
    }

    /// <summary>The last instance of a definition that is being deleted has gone: so does the definition.</summary>
    internal static void InstanceGone(GroupResource resource, StrategyContext context)
    {
        StoredObject? definition = context.Store.Get(Definitions, new NamespacedName("", resource.ToString()));
        if (definition is { IsBeingDeleted: true }) Terminate(definition, context);
    }

    private static void Terminate(StoredObject stored, StrategyContext context)
    {
        if (!stored.Document.Texts("metadata", "finalizers").Contains(CleanupFinalizer)) return;
        var resource = new GroupResource(stored.Document.Text("spec", "group") ?? "", stored.Document.Text("spec", "names", "plural") ?? "");
        if (context.Objects.Registry.Find(resource) is { IsCustom: true } definition)
        {
            foreach (StoredObject instance in context.Store.List(resource).Table.InOrder(null).Where(i => !i.IsBeingDeleted).ToArray())
            {
                context.Objects.Delete(new ObjectTarget(definition, definition.StorageVersion, instance.Key.Namespace, instance.Key.Name), new DeleteOptions());
            }
        }

        // Deleting the last instance comes back here: look again.
        if (context.Store.List(resource).Table.Count > 0 || context.Store.Get(Definitions, stored.Key) is not { } current) return;
        context.Objects.Registry.Remove(resource);
        context.Store.EndWatches(resource, WatchEnd.Removed);
        JsonObject copy = current.Document.Copy();
        string[] others = [.. copy.Texts("metadata", "finalizers").Where(f => f != CleanupFinalizer)];
        if (others.Length == 0)
        {
            context.Store.Delete(Definitions, stored.Key);
            return;
        }

        copy.Ensure("metadata")["finalizers"] = new JsonArray([.. others.Select(f => (JsonNode)f)]);
        context.Store.Update(Definitions, copy, current.Revision);
    }

    private static string? Conflict(JsonObject document, ResourceRegistry registry, GroupResource resource)
    {
        if (registry.IsBuiltIn(resource)) return $"\"{resource.Resource}\" is already in use";
        string kind = document.Text("spec", "names", "kind") ?? "";
        bool taken = registry.All.Any(d => d.Group == resource.Group && d.Plural != resource.Resource && (d.Kind == kind || d.ListKind == kind));
        return taken ? $"\"{kind}\" is already in use" : null;
    }

    private static void SetDefaults(JsonObject document)
    {
        JsonObject names = document.Ensure("spec").Ensure("names");
        string kind = names.Text("kind") ?? "";
        if (string.IsNullOrEmpty(names.Text("singular"))) names["singular"] = kind.ToLowerInvariant();
        if (string.IsNullOrEmpty(names.Text("listKind"))) names["listKind"] = kind + "List";
        JsonObject conversion = document.Ensure("spec").Ensure("conversion");
        if (string.IsNullOrEmpty(conversion.Text("strategy"))) conversion["strategy"] = "None";
    }

    private static IEnumerable<string> StorageVersions(JsonObject document) =>
        document.Objects("spec", "versions").Where(v => v.Bool("storage") == true).Select(v => v.Text("name")).OfType<string>();

    private static void SetCondition(JsonObject status, string type, bool holds, string reason, string message, DateTimeOffset now)
    {
        JsonArray conditions = status.EnsureArray("conditions");
        JsonObject? existing = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        string value = holds ? "True" : "False";
        if (existing.Text("status") == value) return;
        if (existing is not null) conditions.Remove(existing);
        conditions.Add((JsonNode)new JsonObject
        {
            ["lastTransitionTime"] = JsonDocuments.Timestamp(now), ["message"] = message, ["reason"] = reason, ["status"] = value, ["type"] = type,
        });
    }

    /// <summary>The resource that a definition defines.</summary>
    private static ResourceDefinition Read(JsonObject document)
    {
        JsonNode spec = document["spec"]!;
        JsonObject[] served = [.. spec.Objects("versions").Where(v => v.Bool("served") == true || v.Bool("storage") == true)];
        bool namespaced = spec.Text("scope") != "Cluster";
        string kind = spec.Text("names", "kind")!;
        JsonObject storage = served.First(v => v.Bool("storage") == true);
        bool hasStatus = served.Any(v => v.Object("subresources", "status") is not null);
        var subresources = new List<Subresource>();
        if (hasStatus) subresources.Add(new("status", kind, ["get", "patch", "update"]));
        if (served.Select(v => v.Object("subresources", "scale")).FirstOrDefault(s => s is not null) is { } scale)
        {
            subresources.Add(new("scale", "Scale", ["get", "patch", "update"])
            {
                KindVersion = new("autoscaling", "v1"),
                Scale = new(Path(scale.Text("specReplicasPath")), Path(scale.Text("statusReplicasPath")),
                    scale.Text("labelSelectorPath") is { } selector ? Path(selector) : null),
            });
        }

        return new()
        {
            Group = spec.Text("group")!,
            Kind = kind,
            ListKind = spec.Text("names", "listKind")!,
            Plural = spec.Text("names", "plural")!,
            Singular = spec.Text("names", "singular")!,
            ShortNames = spec.Texts("names", "shortNames").ToEquatableArray(),
            Categories = spec.Texts("names", "categories").ToEquatableArray(),
            Namespaced = namespaced,
            IsCustom = true,
            Strategy = new CustomResourceStrategy(hasStatus),
            Subresources = subresources.ToEquatableArray(),
            Versions = served.OrderBy(v => v.Text("name")!, VersionOrder.Instance).Select(v => new ResourceVersion(v.Text("name")!)
            {
                Storage = ReferenceEquals(v, storage),
                Served = v.Bool("served") == true,
                Columns = PrinterColumns.Read(v),
                Schema = SchemaCatalog.BuiltIn.Compile(
                    new(spec.Text("group")!, v.Text("name")!), kind, v.Object("schema", "openAPIV3Schema"), spec.Bool("preserveUnknownFields") == true),
                Warning = v.Bool("deprecated") == true
                    ? v.Text("deprecationWarning") ?? $"{spec.Text("group")}/{v.Text("name")} {kind} is deprecated" : null,
            }).ToEquatableArray(),
        };
    }

    private static string Path(string? path) => (path ?? "").TrimStart('.');
}

/// <summary>Instances of a CustomResourceDefinition.</summary>
internal sealed class CustomResourceStrategy : ResourceStrategy
{
    private readonly bool _hasStatus;

    public CustomResourceStrategy(bool hasStatus)
    {
        _hasStatus = hasStatus;
        HasGeneration = true;
        RequiresResourceVersion = true;
    }

    public override bool RaisesGeneration(JsonObject document, JsonObject old) =>
        base.RaisesGeneration(document, old) || (!_hasStatus && !JsonNode.DeepEquals(document["status"], old["status"]));

    public override void Released(StoredObject last, StrategyContext context) => CustomResourceDefinitionStrategy.InstanceGone(last.Resource, context);
}
