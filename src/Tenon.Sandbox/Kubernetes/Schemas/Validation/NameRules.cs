using System.Text.RegularExpressions;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Kubernetes' rules for names; each returns what is wrong, as the API server words it, or <see langword="null"/>.</summary>
internal static partial class NameRules
{
    private const string Label63 = "must be no more than 63 characters";

    /// <summary>RFC 1123 subdomain: names of most objects.</summary>
    public static string? DnsSubdomain(string name)
    {
        if (name.Length > 253) return "must be no more than 253 characters";
        return Subdomain().IsMatch(name) ? null
            : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
            + "alphanumeric character (e.g. 'example.com', regex used for validation is "
            + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    }

    /// <summary>RFC 1123 label: names of namespaces, ports.</summary>
    public static string? DnsLabel(string name)
    {
        if (name.Length > 63) return Label63;
        return Label().IsMatch(name) ? null
            : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
            + "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    }

    /// <summary>RFC 1035 label: names of Services.</summary>
    public static string? Dns1035Label(string name)
    {
        if (name.Length > 63) return Label63;
        return Old().IsMatch(name) ? null
            : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
            + "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    }

    /// <summary>A path segment: names of roles and bindings.</summary>
    public static string? PathSegment(string name) => name switch
    {
        "." => "may not be '.'",
        ".." => "may not be '..'",
        _ when name.Contains('/', StringComparison.Ordinal) => "may not contain '/'",
        _ when name.Contains('%', StringComparison.Ordinal) => "may not contain '%'",
        _ => null,
    };

    /// <summary>A qualified name: keys of labels and annotations.</summary>
    public static string? QualifiedName(string name)
    {
        string[] parts = name.Split('/');
        if (parts.Length > 2) return "a qualified name " + Qualified + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
        if (parts.Length == 2)
        {
            if (parts[0].Length == 0) return "prefix part must be non-empty";
            if (DnsSubdomain(parts[0]) is { } problem) return "prefix part " + problem;
        }

        string last = parts[^1];
        if (last.Length == 0) return "name part must be non-empty";
        if (last.Length > 63) return "name part " + Label63;
        return QualifiedPart().IsMatch(last) ? null : "name part " + Qualified;
    }

    /// <summary>A label's value.</summary>
    public static string? LabelValue(string value)
    {
        if (value.Length > 63) return Label63;
        return value.Length == 0 || QualifiedPart().IsMatch(value) ? null
            : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
            + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    }

    private const string Qualified =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Label();

    [GeneratedRegex(@"\A[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Old();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex QualifiedPart();
}
