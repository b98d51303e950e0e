using System.Diagnostics;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The pods of <see cref="PolicyTable"/> and a machine, each of which serves every port, and what passes between them now.</summary>
internal sealed class PolicyWorld
{
    private const string Machine = "vm";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly PodCluster _cluster;
    private readonly Dictionary<string, (string Address, Func<IEnumerable<string>, Task<string>> Probe)> _members;
    private readonly string _range;
    private string[] _applied = [];

    private PolicyWorld(PodCluster cluster, CloudPod[] pods, Guest machine, string range)
    {
        (_cluster, _range) = (cluster, range);
        _members = pods.ToDictionary(p => p.Name, p => (p.Address, (Func<IEnumerable<string>, Task<string>>)p.ProbeAsync));
        _members[Machine] = (machine.Address, machine.ProbeAsync);
    }

    /// <summary>Makes it.</summary>
    public static async Task<PolicyWorld> CreateAsync(CloudProject project, PodCluster cluster)
    {
        foreach (string space in new[] { "shop", "lab" })
            await cluster.ApplyAsync($"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {space}, labels: {{team: {space}}}}}\n");
        Task<CloudPod[]> pods = cluster.AddPodsAsync(
            Pod("web", "compute1", "shop", ("app", "web"), ("tier", "front")), Pod("db", "compute2", "shop", ("app", "db"), ("tier", "back")), Pod("job", "compute2", "shop", ("app", "job")),
            Pod("cat", "compute2", "lab", ("app", "web")), Pod("dog", "compute1", "lab", ("app", "dog")));
        string open = await project.MakeSecurityGroupAsync("open", ("icmp", null, null, "0.0.0.0/0"), ("tcp", null, null, "0.0.0.0/0"), ("udp", null, null, "0.0.0.0/0"), ("sctp", null, null, "0.0.0.0/0"));
        Guest machine = await project.AddGuestAsync(open, Machine, "az3");
        foreach (CloudPod pod in await pods) await ServeAsync(pod.TellAsync);
        await ServeAsync(machine.TellAsync);
        string range = await cluster.UntilAsync("the pods' network has a range", r => r.Length > 0, "virtualnetwork", "-n", "kube-system", "default", "-o", "jsonpath={.status.subnets[0].cidr}");
        return new(cluster, await pods, machine, range);
    }

    /// <summary>Puts a row's policies in the place of those before.</summary>
    public async Task ApplyAsync(PolicyRow row)
    {
        string[] before = _applied;
        var documents = new List<string>();
        _applied = [.. row.Policies.Select((policy, index) =>
        {
            string[] parts = policy.Split('|');
            string space = parts.Length == 1 ? "shop" : parts[0];
            documents.Add($"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: row-{index}, namespace: {space}}}\nspec: {Fill(parts[^1])}\n");
            return $"{space}/row-{index}";
        })];
        await _cluster.ApplyAsync(string.Join("---\n", documents));
        foreach (string[] gone in before.Except(_applied).Select(p => p.Split('/'))) await _cluster.KubectlAsync("-n", gone[0], "delete", "networkpolicy", gone[1], "--wait=false");
    }

    /// <summary>Measures until all is as a row says, and then once more; returns what is not.</summary>
    public async Task<string[]> DifferencesAsync(PolicyRow row)
    {
        string[] differences;
        long began = Stopwatch.GetTimestamp();
        int right = 0;
        bool upwards = false;
        do
        {
            await HostSwitch.ForgetConnectionsAsync();
            differences = await MeasureAsync(row, upwards = !upwards);
            right = differences.Length == 0 ? right + 1 : 0;
        }
        while (right < 2 && (right == 1 || Stopwatch.GetElapsedTime(began) < Limit));
        return differences;
    }

    /// <summary>
    /// Tries everything once, all at once, and returns what is not as a row says. SCTP is tried between two members in one direction only: Open vSwitch in
    /// userspace tracks it by addresses without ports, so that the other direction's packets are answers of what was let through in the first.
    /// </summary>
    private async Task<string[]> MeasureAsync(PolicyRow row, bool upwards)
    {
        IEnumerable<string>[] found = await Task.WhenAll(_members.Keys.Select(async from =>
        {
            (string To, string Port)[] targets = [.. _members.Keys.Where(to => to != from).SelectMany(to => PolicyRow.Ports
                .Where(p => p.Value.Protocol != "sctp" || string.CompareOrdinal(from, to) < 0 == upwards).Select(p => (to, p.Key)))];
            string passed = await _members[from].Probe(targets.Select(t => $"{PolicyRow.Ports[t.Port].Protocol}/{_members[t.To].Address}/{PolicyRow.Ports[t.Port].Port}"));
            passed.Length.ShouldBe(targets.Length, passed);
            return targets.Zip(passed).Where(p => p.Second == '1' != row.Passes(from, p.First.To, p.First.Port))
                .Select(p => $"{from} {(p.Second == '1' ? "reaches" : "does not reach")} {p.First.To}:{p.First.Port}");
        }));
        return [.. found.SelectMany(f => f)];
    }

    private string Fill(string policy) => _members.Aggregate(policy, (text, member) => text.Replace($"${member.Key}/", $"{member.Value.Address}/", StringComparison.Ordinal)).Replace("$net", _range, StringComparison.Ordinal);

    private static PodDeclaration Pod(string name, string host, string space, params (string Key, string Value)[] labels) => new(name, host)
    {
        Space = space,
        Labels = labels.ToDictionary(l => l.Key, l => l.Value),
        Ports = [.. PolicyRow.Ports.Values.Select(p => (p.Name, p.Protocol.ToUpperInvariant(), p.Port))],
    };

    private static async Task ServeAsync(Func<string, Task> tell)
    {
        foreach ((string protocol, int port, _) in PolicyRow.Ports.Values) await tell($"{(protocol == "tcp" ? "http" : protocol)} {port}");
    }
}
