using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Strategic merge patch: lists of objects merge by a key of their type, and directives (<c>$patch</c>, <c>$retainKeys</c> …) steer it.</summary>
public static class StrategicMergePatch
{
    /// <summary>The target with the patch merged in; neither argument changes.</summary>
    /// <exception cref="PatchException">400 for a malformed patch.</exception>
    public static JsonObject Apply(TypeSchema schema, JsonObject target, JsonObject patch) => throw new NotSupportedException();
}
