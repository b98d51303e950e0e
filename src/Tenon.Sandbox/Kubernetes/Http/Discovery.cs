using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Schemas;
using Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Everything that is not about objects: groups, resources, versions, OpenAPI, health.</summary>
internal sealed class Discovery(ResourceRegistry registry)
{
    private const string V2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private static readonly string[] RootPaths = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
    private readonly ConcurrentDictionary<(string What, long Generation), byte[]> _documents = new();

    private static readonly string[] HealthChecks = ["ping", "log", "etcd"];

    /// <summary>In a word, or check by check.</summary>
    private static byte[] Health(string which, bool verbose)
        => System.Text.Encoding.UTF8.GetBytes(verbose ? $"{string.Concat(HealthChecks.Select(c => $"[+]{c} ok\n"))}{which} check passed\n" : "ok");

    /// <summary>Answers a path.</summary>
    /// <exception cref="ApiException">404.</exception>
    public Task HandleAsync(HttpContext context, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string accept = context.Request.Headers.Accept.ToString();
        switch (parts)
        {
            case [("healthz" or "livez" or "readyz") and var which]:
                return Answer.SendAsync(context, 200, Health(which, context.Request.Query.ContainsKey("verbose")), "text/plain; charset=utf-8");
            case ["healthz" or "livez" or "readyz", var check] when HealthChecks.Contains(check, StringComparer.Ordinal):
                return Answer.SendAsync(context, 200, "ok"u8.ToArray(), "text/plain; charset=utf-8");
            case ["version"]:
                return Answer.SendAsync(context, 200, Version());
            case ["api" or "apis"] when Aggregated(accept) is { } aggregatedVersion:
                return Answer.SendAsync(context, 200, AggregatedGroups(parts[0] == "api", aggregatedVersion),
                    $"application/json;g=apidiscovery.k8s.io;v={aggregatedVersion};as=APIGroupDiscoveryList");
            case ["api"]:
                return Answer.SendAsync(context, 200, new JsonObject
                {
                    ["kind"] = "APIVersions",
                    ["versions"] = new JsonArray("v1"),
                    ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = context.Request.Host.Value }),
                });
            case ["apis"]:
                return Answer.SendAsync(context, 200, new JsonObject
                {
                    ["kind"] = "APIGroupList",
                    ["apiVersion"] = "v1",
                    ["groups"] = new JsonArray([.. Groups().Where(g => g.Length > 0).Select(g => (JsonNode)Group(g, inList: true))]),
                });
            case ["apis", var group] when Groups().Contains(group):
                return Answer.SendAsync(context, 200, Group(group, inList: false));
            case ["api", var version] when version == "v1":
                return Answer.SendAsync(context, 200, Resources("", version));
            case ["apis", var group, var version] when registry.All.Any(d => d.Group == group && d.FindVersion(version) is not null):
                return Answer.SendAsync(context, 200, Resources(group, version));
            case ["openapi", "v2"]:
                byte[] v2 = Cached("v2", () => System.Text.Encoding.UTF8.GetBytes(SchemaCatalog.BuiltIn.OpenApiV2(Served()).ToJsonString()));
                return accept.Contains("protobuf", StringComparison.Ordinal)
                    ? Answer.SendAsync(context, 200, Cached("v2.pb", () => ProtobufDocument.Write((JsonObject)JsonNode.Parse(v2)!)), V2Protobuf)
                    : Answer.SendAsync(context, 200, v2, "application/json");
            case ["openapi", "v3"]:
                return Answer.SendAsync(context, 200, new JsonObject
                {
                    ["paths"] = new JsonObject(GroupVersions().Select(gv => KeyValuePair.Create<string, JsonNode?>(PathOf(gv),
                        new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{PathOf(gv)}?hash={registry.Generation}" }))),
                });
            case ["openapi", "v3", .. var rest] when GroupVersions().FirstOrDefault(gv => PathOf(gv) == string.Join('/', rest)) is { Version: not null } wanted:
                return Answer.SendAsync(context, 200,
                    Cached($"v3/{wanted}", () => System.Text.Encoding.UTF8.GetBytes(SchemaCatalog.BuiltIn.OpenApiV3(wanted, Served()).ToJsonString())), "application/json");
            case []:
                return Answer.SendAsync(context, 200, new JsonObject
                {
                    ["paths"] = new JsonArray([.. RootPaths
                        .Concat(GroupVersions().Where(gv => gv.Group.Length > 0).Select(gv => "/" + PathOf(gv))).Order(StringComparer.Ordinal).Select(p => (JsonNode)p)]),
                });
            default:
                throw ApiException.NoSuchResource();
        }
    }

    private static string? Aggregated(string accept)
    {
        if (!accept.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal)) return null;
        return accept.Contains("v=v2;", StringComparison.Ordinal) || accept.Contains("v=v2,", StringComparison.Ordinal) ? "v2" : "v2beta1";
    }

    private static string PathOf(GroupVersion groupVersion) => groupVersion.Group.Length == 0 ? $"api/{groupVersion.Version}" : $"apis/{groupVersion}";

    private static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "32",
        ["gitVersion"] = "v1.32.0",
        ["gitCommit"] = "0000000000000000000000000000000000000000",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2024-12-11T00:00:00Z",
        ["goVersion"] = "none",
        ["compiler"] = "tenon-sandbox",
        ["platform"] = "linux/amd64",
    };

    private IEnumerable<string> Groups() => registry.All.Select(d => d.Group).Distinct(StringComparer.Ordinal);

    private IEnumerable<GroupVersion> GroupVersions()
        => registry.All.SelectMany(d => d.Versions.Where(v => v.Served).Select(v => new GroupVersion(d.Group, v.Name))).Distinct();

    private List<string> VersionsOf(string group)
        => [.. registry.All.Where(d => d.Group == group).SelectMany(d => d.Versions.Where(v => v.Served).Select(v => v.Name)).Distinct(StringComparer.Ordinal)
            .OrderBy(v => v.Contains("alpha", StringComparison.Ordinal) ? 2 : v.Contains("beta", StringComparison.Ordinal) ? 1 : 0).ThenByDescending(v => v, StringComparer.Ordinal)];

    private IReadOnlyList<ServedResource> Served()
        => [.. registry.All.SelectMany(d => d.Versions.Where(v => v.Served).Select(v => new ServedResource(d, v, v.Schema)))];

    private byte[] Cached(string what, Func<byte[]> make) => _documents.GetOrAdd((what, registry.Generation), _ => make());

    private JsonObject Group(string group, bool inList)
    {
        JsonNode[] versions = [.. VersionsOf(group).Select(v => (JsonNode)new JsonObject { ["groupVersion"] = $"{group}/{v}", ["version"] = v })];
        var document = new JsonObject();
        if (!inList)
        {
            document["kind"] = "APIGroup";
            document["apiVersion"] = "v1";
        }

        document["name"] = group;
        document["versions"] = new JsonArray(versions);
        document["preferredVersion"] = versions[0].DeepClone();
        return document;
    }

    private JsonObject Resources(string group, string version)
    {
        var resources = new JsonArray();
        foreach (ResourceDefinition definition in registry.All.Where(d => d.Group == group && d.FindVersion(version) is { Served: true }))
        {
            var own = new JsonObject
            {
                ["name"] = definition.Plural,
                ["singularName"] = definition.Singular,
                ["namespaced"] = definition.Namespaced,
                ["kind"] = definition.Kind,
                ["verbs"] = Texts(definition.Verbs),
            };
            if (!definition.ShortNames.IsEmpty) own["shortNames"] = Texts(definition.ShortNames);
            if (!definition.Categories.IsEmpty) own["categories"] = Texts(definition.Categories);
            resources.Add((JsonNode)own);
            foreach (Subresource subresource in definition.Subresources)
            {
                var entry = new JsonObject { ["name"] = $"{definition.Plural}/{subresource.Name}", ["singularName"] = "", ["namespaced"] = definition.Namespaced };
                if (subresource.KindVersion is { } other) (entry["group"], entry["version"]) = (other.Group, other.Version);
                entry["kind"] = subresource.Kind;
                entry["verbs"] = Texts(subresource.Verbs);
                resources.Add((JsonNode)entry);
            }
        }

        return new JsonObject { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = new GroupVersion(group, version).ToString(), ["resources"] = resources };
    }

    private JsonObject AggregatedGroups(bool core, string discoveryVersion) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = $"apidiscovery.k8s.io/{discoveryVersion}",
        ["metadata"] = new JsonObject(),
        ["items"] = new JsonArray([.. Groups().Where(g => g.Length == 0 == core).Select(g => (JsonNode)new JsonObject
        {
            ["metadata"] = g.Length == 0 ? new JsonObject { ["creationTimestamp"] = null } : new JsonObject { ["name"] = g, ["creationTimestamp"] = null },
            ["versions"] = new JsonArray([.. VersionsOf(g).Select(v => (JsonNode)new JsonObject
            {
                ["version"] = v,
                ["freshness"] = "Current",
                ["resources"] = new JsonArray([.. registry.All.Where(d => d.Group == g && d.FindVersion(v) is { Served: true }).Select(d => (JsonNode)AggregatedResource(d, v))]),
            })]),
        })]),
    };

    private static JsonObject AggregatedResource(ResourceDefinition definition, string version)
    {
        var resource = new JsonObject
        {
            ["resource"] = definition.Plural,
            ["responseKind"] = new JsonObject { ["group"] = definition.Group, ["version"] = version, ["kind"] = definition.Kind },
            ["scope"] = definition.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = definition.Singular,
            ["verbs"] = Texts(definition.Verbs),
        };
        if (!definition.ShortNames.IsEmpty) resource["shortNames"] = Texts(definition.ShortNames);
        if (!definition.Categories.IsEmpty) resource["categories"] = Texts(definition.Categories);
        if (!definition.Subresources.IsEmpty)
        {
            resource["subresources"] = new JsonArray([.. definition.Subresources.Select(s => (JsonNode)new JsonObject
            {
                ["subresource"] = s.Name,
                ["responseKind"] = new JsonObject { ["group"] = s.KindVersion?.Group ?? definition.Group, ["version"] = s.KindVersion?.Version ?? version, ["kind"] = s.Kind },
                ["verbs"] = Texts(s.Verbs),
            })]);
        }

        return resource;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
