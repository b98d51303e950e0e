using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Nodes.Agent;

/// <summary>Plugins that the container runtime calls after <c>tenon-cni</c>, such as <c>portmap</c>: a JSON array of plugin configuration objects (CNI specification, "Section 1").</summary>
public static class CniChain
{
    /// <summary>Reads a chain.</summary>
    /// <param name="text">The array.</param>
    /// <exception cref="FormatException">It is none; the message names all that is wrong.</exception>
    public static IReadOnlyList<JsonObject> Parse(string text)
    {
        JsonArray array;
        try
        {
            array = JsonNode.Parse(text) as JsonArray ?? throw new FormatException("it is no JSON array of plugins");
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is no JSON: {e.Message}", e);
        }

        string[] problems = [.. array.Select((plugin, index) => Problem(plugin) is { } problem ? $"[{index}] {problem}" : null).OfType<string>()];
        return problems.Length == 0 ? [.. array.OfType<JsonObject>()] : throw new FormatException(string.Join("; ", problems));
    }

    private static string? Problem(JsonNode? plugin) => plugin switch
    {
        not JsonObject => "is no object",
        _ when plugin["type"] is not JsonValue value || !value.TryGetValue(out string? type) || type.Length == 0 => "has no \"type\", the name of a plugin",
        _ when plugin["type"]!.ToString().Contains('/', StringComparison.Ordinal) => $"has the type \"{plugin["type"]}\": a plugin's name holds no /",
        _ when plugin["type"]!.ToString() == Installer.PluginName => $"is {Installer.PluginName} itself, which is the first of the list already",
        _ => null,
    };
}
