namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>NetworkPolicies, and who reaches whom by what the documentation of Kubernetes says of them.</summary>
/// <param name="Name">What the row is about.</param>
/// <param name="Policies">
/// The specs, as YAML on a line; in namespace <c>shop</c>, or in the one named before a bar. <c>$NAME</c> is the address of a pod or of <c>vm</c>, <c>$net</c>
/// the range of the pods' network.
/// </param>
/// <param name="Expected">
/// What is isolated, a line each: <c>into POD..: PEER..</c> and <c>out of POD..: PEER..</c>, where a peer is <c>NAME</c>, <c>NAME:PORT</c>, <c>*</c> or
/// <c>*:PORT</c>. About whom nothing is said, everything passes.
/// </param>
internal sealed record PolicyRow(string Name, string[] Policies, params string[] Expected)
{
    /// <summary>The ports that are tried, by the names that rows give them.</summary>
    public static readonly IReadOnlyDictionary<string, (string Protocol, int Port, string Name)> Ports = new Dictionary<string, (string, int, string)>
    {
        ["t80"] = ("tcp", 80, "http"),
        ["t8080"] = ("tcp", 8080, "alt"),
        ["u53"] = ("udp", 53, "dns"),
        ["s99"] = ("sctp", 9999, "signals"),
    };

    /// <summary>Whether a connection passes: both sides must let it, and a side about which nothing is said does.</summary>
    public bool Passes(string from, string to, string port)
        => Expected.Select(Read).All(e => e.Into ? !e.Pods.Contains(to) || Names(e.Peers, from, port) : !e.Pods.Contains(from) || Names(e.Peers, to, port));

    private static bool Names(string[] peers, string other, string port)
        => peers.Any(p => p.Split(':') is var parts && (parts[0] == "*" || parts[0] == other) && (parts.Length == 1 || parts[1] == port));

    private static (bool Into, string[] Pods, string[] Peers) Read(string line)
    {
        bool into = line.StartsWith("into ", StringComparison.Ordinal);
        string[] sides = line[(into ? "into " : "out of ").Length..].Split(": ", 2);
        return (into, sides[0].TrimEnd(':').Split(' '), sides.Length == 1 ? [] : sides[1].Split(' '));
    }
}
