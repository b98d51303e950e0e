using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Resources;

namespace Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

/// <summary>Writes the paths of resources, as far as clients look at them: which kind an operation is of, and which parameters and patches it takes.</summary>
internal static class PathWriter
{
    private static readonly string[] PatchTypes =
        ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

    /// <summary>Adds the paths of a resource.</summary>
    public static void Add(JsonObject paths, ServedResource resource, ObjectSchema? schema, DefinitionWriter definitions, bool third)
    {
        ResourceDefinition definition = resource.Definition;
        string root = definition.Group.Length == 0 ? $"/api/{resource.Version.Name}" : $"/apis/{resource.GroupVersion}";
        string collection = definition.Namespaced ? $"{root}/namespaces/{{namespace}}/{definition.Plural}" : $"{root}/{definition.Plural}";
        var writer = new Writer(resource, schema, definitions, third);
        Put(paths, collection, writer.Path(definition, ("get", "list", "list"), ("post", "post", "create"), ("delete", "deletecollection", "deletecollection")));
        Put(paths, $"{collection}/{{name}}", writer.Path(definition, ("get", "get", "get"), ("put", "put", "update"), ("patch", "patch", "patch"), ("delete", "delete", "delete")));
        if (definition.Namespaced) Put(paths, $"{root}/{definition.Plural}", writer.Path(definition, ("get", "list", "list")));
        foreach (Subresource part in definition.Subresources)
        {
            if (part.Name is not "status") continue;
            Put(paths, $"{collection}/{{name}}/{part.Name}", writer.Path(part.Verbs, ("get", "get", "get"), ("put", "put", "update"), ("patch", "patch", "patch")));
        }
    }

    private static void Put(JsonObject paths, string path, JsonObject item)
    {
        if (item.Count > 0) paths[path] = item;
    }

    private sealed class Writer(ServedResource resource, ObjectSchema? schema, DefinitionWriter definitions, bool third)
    {
        public JsonObject Path(ResourceDefinition definition, params ReadOnlySpan<(string Method, string Action, string Verb)> operations) =>
            Path(definition.Verbs, operations);

        public JsonObject Path(IEnumerable<string> verbs, params ReadOnlySpan<(string Method, string Action, string Verb)> operations)
        {
            HashSet<string> allowed = [.. verbs];
            var item = new JsonObject();
            foreach ((string method, string action, string verb) in operations)
            {
                if (allowed.Contains(verb)) item[method] = Operation(method, action);
            }

            return item;
        }

        private JsonObject Operation(string method, string action)
        {
            string? name = schema?.Type.Name;
            var operation = new JsonObject { ["description"] = $"{action} {resource.Definition.Plural}" };
            var parameters = new JsonArray();
            if (method is "post" or "put" or "patch" or "delete") parameters.Add((JsonNode)Query("dryRun", "Check the request without storing anything: All."));
            if (method is "post" or "put" or "patch")
            {
                parameters.Add((JsonNode)Query("fieldManager", "Who is recorded as the owner of the fields set."));
                parameters.Add((JsonNode)Query("fieldValidation", "What to do about unknown and duplicate fields: Ignore, Warn or Strict."));
            }

            if (parameters.Count > 0) operation["parameters"] = parameters;
            JsonObject? type = name is null ? null : definitions.Reference(action == "list" ? name + "List" : name);
            string[] bodies = method != "patch" ? ["application/json"] : schema?.SupportsStrategicMerge == true
                ? PatchTypes : [.. PatchTypes.Where(p => !p.Contains("strategic", StringComparison.Ordinal))];
            var response = new JsonObject { ["description"] = "OK" };
            if (third)
            {
                if (method is "post" or "put" or "patch") operation["requestBody"] = new JsonObject { ["content"] = Content(bodies, method == "patch" ? [] : type) };
                response["content"] = Content(["application/json"], type);
            }
            else
            {
                if (method is "post" or "put" or "patch") operation["consumes"] = new JsonArray([.. bodies.Select(b => (JsonNode)b)]);
                if (type is not null) response["schema"] = type;
            }

            operation["responses"] = new JsonObject { ["200"] = response };
            operation["x-kubernetes-action"] = action;
            operation["x-kubernetes-group-version-kind"] = DefinitionWriter.KindOf(resource.GroupVersion, resource.Definition.Kind);
            return operation;
        }

        private static JsonObject Content(string[] types, JsonObject? schema) =>
            new(types.Select(t => KeyValuePair.Create(t, (JsonNode?)(schema is null ? new JsonObject() : new JsonObject { ["schema"] = schema.DeepClone() }))));

        private JsonObject Query(string name, string description)
        {
            var query = new JsonObject { ["name"] = name, ["in"] = "query", ["description"] = description };
            if (third) query["schema"] = new JsonObject { ["type"] = "string" };
            else query["type"] = "string";
            return query;
        }
    }
}
