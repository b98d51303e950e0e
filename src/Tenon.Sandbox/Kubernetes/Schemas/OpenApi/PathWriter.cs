using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

/// <summary>Writes the paths of resources, as far as clients look at them: which kind an operation is of, and which parameters and patches it takes.</summary>
internal static class PathWriter
{
    private static readonly string[] PatchTypes =
        ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

    /// <summary>Adds the paths of a resource.</summary>
    public static void Add(JsonObject paths, OpenApiResource resource, DefinitionWriter definitions, bool third)
    {
        GroupVersionKind kind = resource.Rules.Kind;
        string root = kind.Group.Length == 0 ? $"/api/{kind.Version}" : $"/apis/{kind.ApiVersion}";
        string collection = resource.Namespaced ? $"{root}/namespaces/{{namespace}}/{resource.Plural}" : $"{root}/{resource.Plural}";
        var writer = new Writer(resource, definitions, third);
        paths[collection] = writer.Path(("get", "list"), ("post", "post"), ("delete", "deletecollection"));
        paths[$"{collection}/{{name}}"] = writer.Path(("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete"));
        if (resource.Namespaced) paths[$"{root}/{resource.Plural}"] = writer.Path(("get", "list"));
        if (resource.Subresources.Contains("status"))
            paths[$"{collection}/{{name}}/status"] = writer.Path(("get", "get"), ("put", "put"), ("patch", "patch"));
    }

    private sealed class Writer(OpenApiResource resource, DefinitionWriter definitions, bool third)
    {
        public JsonObject Path(params ReadOnlySpan<(string Method, string Action)> operations)
        {
            var item = new JsonObject();
            foreach ((string method, string action) in operations) item[method] = Operation(method, action);
            return item;
        }

        private JsonObject Operation(string method, string action)
        {
            string name = resource.Rules.Schema.Name!;
            var operation = new JsonObject { ["description"] = $"{action} {resource.Plural}" };
            var parameters = new JsonArray();
            if (method is "post" or "put" or "patch" or "delete") parameters.Add((JsonNode)Query("dryRun", "Check the request without storing anything: All."));
            if (method is "post" or "put" or "patch")
            {
                parameters.Add((JsonNode)Query("fieldManager", "Who is recorded as the owner of the fields set."));
                parameters.Add((JsonNode)Query("fieldValidation", "What to do about unknown and duplicate fields: Ignore, Warn or Strict."));
            }

            if (parameters.Count > 0) operation["parameters"] = parameters;
            JsonObject type = definitions.Reference(action == "list" ? name + "List" : name);
            string[] bodies = method != "patch" ? ["application/json"] : resource.Rules.AllowsStrategicMerge
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
                response["schema"] = type;
            }

            operation["responses"] = new JsonObject { ["200"] = response };
            operation["x-kubernetes-action"] = action;
            operation["x-kubernetes-group-version-kind"] = DefinitionWriter.KindOf(resource.Rules.Kind);
            return operation;
        }

        private static JsonObject Content(string[] types, JsonObject schema) =>
            new(types.Select(t => KeyValuePair.Create(t, (JsonNode?)new JsonObject { ["schema"] = schema.DeepClone() })));

        private JsonObject Query(string name, string description)
        {
            var query = new JsonObject { ["name"] = name, ["in"] = "query", ["description"] = description };
            if (third) query["schema"] = new JsonObject { ["type"] = "string" };
            else query["type"] = "string";
            return query;
        }
    }
}
