using System.Text.RegularExpressions;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>Kubernetes' order of versions, the preferred one first: v2, v1, v2beta1, v1beta2, v1alpha1, then others by name.</summary>
internal sealed partial class VersionOrder : IComparer<string>
{
    public static VersionOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        (int Stage, int Major, int Minor) a = Parse(x!), b = Parse(y!);
        if (a.Stage == 0 && b.Stage == 0) return string.CompareOrdinal(x, y);
        int order = b.Stage.CompareTo(a.Stage);
        if (order == 0) order = b.Major.CompareTo(a.Major);
        return order == 0 ? b.Minor.CompareTo(a.Minor) : order;
    }

    private static (int Stage, int Major, int Minor) Parse(string version)
    {
        Match match = Pattern().Match(version);
        if (!match.Success) return (0, 0, 0);
        int stage = match.Groups["stage"].Value switch { "" => 3, "beta" => 2, _ => 1 };
        return (stage, int.Parse(match.Groups["major"].Value), match.Groups["minor"].Success ? int.Parse(match.Groups["minor"].Value) : 0);
    }

    [GeneratedRegex(@"\Av(?<major>[0-9]{1,6})((?<stage>alpha|beta)(?<minor>[0-9]{1,6}))?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
