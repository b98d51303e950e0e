using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>JSON merge patch (RFC 7386).</summary>
public static class JsonMergePatch
{
    /// <summary>The target with the patch merged in; neither argument changes.</summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes) return patch?.DeepClone();
        JsonObject result = target is JsonObject original ? (JsonObject)original.DeepClone() : [];
        foreach ((string name, JsonNode? value) in changes)
        {
            if (value is null) result.Remove(name);
            else result[name] = Apply(result[name], value);
        }

        return result;
    }
}
