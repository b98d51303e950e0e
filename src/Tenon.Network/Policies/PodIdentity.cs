using System.Security.Cryptography;
using System.Text;
using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>
/// What of a pod matters to policies. Pods that are alike in it share a security group, so that one that comes, goes or changes into what is already
/// there costs its own port and nothing else; and a new policy that speaks of what earlier ones spoke of costs rules, but no port.
/// </summary>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="Network">Its virtual network.</param>
/// <param name="Labels">Those of its labels that some policy or Service mentions, by key.</param>
/// <param name="Ports">Those of its named ports that some policy or Service mentions, by protocol and name.</param>
public sealed record PodIdentity(string Namespace, string Network, EquatableArray<KeyValuePair<string, string>> Labels, EquatableArray<NamedPort> Ports)
{
    private const int HashBytes = 10;

    /// <summary>The labels as selectors take them.</summary>
    public IReadOnlyDictionary<string, string> LabelMap { get; } = Labels.ToDictionary();

    /// <summary>The key of its security group.</summary>
    public string GroupKey { get; } = "identity:" + Hash(Namespace, Network, Labels, Ports);

    /// <summary>What people read: <c>namespace/app=web,tier=front</c>.</summary>
    public string Title => $"{Namespace}/{(Labels.IsEmpty ? "*" : string.Join(',', Labels.Select(l => $"{l.Key}={l.Value}")))}";

    /// <summary>The number of a port that is called by name, or <see langword="null"/>.</summary>
    public int? Resolve(string protocol, string name) => Ports.FirstOrDefault(p => p.Protocol == protocol && p.Name == name)?.Port;

    /// <summary>Two are the same where their groups are.</summary>
    public bool Equals(PodIdentity? other) => other is not null && other.GroupKey == GroupKey;

    /// <inheritdoc/>
    public override int GetHashCode() => GroupKey.GetHashCode(StringComparison.Ordinal);

    private static string Hash(
        string space, string network, EquatableArray<KeyValuePair<string, string>> labels, EquatableArray<NamedPort> ports)
    {
        var text = new StringBuilder().Append(space).Append('\n').Append(network).Append('\n');
        foreach ((string key, string value) in labels) text.Append(key).Append('=').Append(value).Append('\n');
        foreach (NamedPort port in ports) text.Append(port.Protocol).Append(':').Append(port.Name).Append('=').Append(port.Port).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, HashBytes));
    }
}
