namespace Tenon.Core;

/// <summary>The key of a Kubernetes object: its namespace (empty for cluster-scoped objects) and its name.</summary>
/// <param name="Namespace">The namespace, or the empty string for cluster-scoped objects.</param>
/// <param name="Name">The object's name.</param>
public readonly record struct NamespacedName(string Namespace, string Name)
{
    /// <summary>Reads <c>namespace/name</c>, or <c>name</c> for a cluster-scoped object.</summary>
    /// <exception cref="FormatException">The text has no name or more than one slash.</exception>
    public static NamespacedName Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('/');
        return parts switch
        {
            [{ Length: > 0 } name] => new("", name),
            [var space, { Length: > 0 } name] => new(space, name),
            _ => throw new FormatException($"'{text}' is not a name: expected NAMESPACE/NAME or NAME."),
        };
    }

    /// <summary><c>namespace/name</c>, or the name alone for a cluster-scoped object.</summary>
    public override string ToString() => string.IsNullOrEmpty(Namespace) ? Name : $"{Namespace}/{Name}";
}
