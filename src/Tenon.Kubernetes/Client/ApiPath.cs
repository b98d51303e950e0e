using System.Globalization;
using System.Text;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>Paths and queries of the API.</summary>
internal static class ApiPath
{
    /// <summary>The path of all objects of a type, in a namespace or everywhere.</summary>
    public static string Of(ResourceType type, string? space)
        => string.IsNullOrEmpty(space) || !type.Namespaced
            ? $"{type.Root}/{type.Plural}"
            : $"{type.Root}/namespaces/{Uri.EscapeDataString(space)}/{type.Plural}";

    /// <summary>The path of one object, or of a part of it.</summary>
    public static string Of(ResourceType type, NamespacedName key, string? subresource = null)
    {
        if (key.Name.Length == 0) throw new ArgumentException($"A name is needed to address one of {type}.", nameof(key));
        if (type.Namespaced != key.Namespace.Length > 0)
        {
            throw new ArgumentException(
                type.Namespaced ? $"{type} live in namespaces, but \"{key}\" has none." : $"{type} live in no namespace, but \"{key}\" has one.",
                nameof(key));
        }

        string path = $"{Of(type, key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    /// <summary>Adds the parameters that are set.</summary>
    public static string Query(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var text = new StringBuilder(path);
        char separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        foreach ((string name, string? value) in parameters)
        {
            if (string.IsNullOrEmpty(value)) continue;
            text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return text.ToString();
    }

    public static string? Seconds(TimeSpan? duration)
        => duration is { } d ? ((long)Math.Ceiling(d.TotalSeconds)).ToString(CultureInfo.InvariantCulture) : null;
}
