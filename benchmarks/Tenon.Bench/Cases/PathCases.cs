using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Bench.Cases;

/// <summary>
/// What a second overlay costs: two pods on two hosts, once as ports of OVN, once in a VXLAN between two machines that are ports of OVN, as a conventional
/// CNI has it. Both are measured in turns, so that whatever else the machine does meets both.
/// </summary>
internal static partial class PathCases
{
    private const int Rounds = 15, Seconds = 1, Pings = 200;
    private const string ListensAtIperfsPort = ":1451 "; // in hexadecimal, as the kernel lists it
    private const string Direct = "OVN directly", Nested = "VXLAN inside OVN";
    private static readonly string[] Needed = ["iperf3", "ping", "ethtool"];

    /// <summary>All cases.</summary>
    public static IReadOnlyList<BenchCase> All { get; } = [new("pod-path", PathAsync)];

    private static async Task<CaseResult> PathAsync(BenchContext context, CancellationToken cancellationToken)
    {
        if (Needed.FirstOrDefault(n => Programs.Find(n) is null) is { } missing) throw new CaseSkippedException($"{missing} is not installed (packages iperf3, iputils-ping, ethtool)");
        await using TwoHosts hosts = await TwoHosts.StartAsync();
        await RequireVxlanAsync(hosts);
        PodPath[] paths = [await DirectAsync(hosts), await NestedAsync(hosts)];
        await using Daemon one = Serve(paths[0]), other = Serve(paths[1]);
        foreach (PodPath path in paths) await Limits.UntilAsync("iperf3 listens", async () => (await TwoHosts.RunAsync(path.To, "cat", "/proc/net/tcp6")).Contains(ListensAtIperfsPort, StringComparison.Ordinal));
        // Addresses are resolved and flows set up before anything counts.
        foreach (PodPath path in paths) await TwoHosts.RunAsync(path.From, "ping", "-n", "-c", "20", "-i", "0.1", path.Address);
        for (int round = 0; round < Rounds; round++)
        {
            // Whoever comes first in one round comes last in the next.
            foreach (PodPath path in round % 2 == 0 ? paths : paths.Reverse())
            {
                cancellationToken.ThrowIfCancellationRequested();
                await MeasureAsync(path);
            }

            context.Say($"  round {round + 1} of {Rounds}: {string.Join(", ", paths.Select(p => $"{p.Name} {p.Throughputs[^1]:0.000} Gbit/s"))}");
        }

        return new("pod-path",
        [
            .. paths.SelectMany(p => new Figure[]
            {
                new($"{p.Name}: TCP, median of {Rounds}", Median(p.Throughputs), "Gbit/s"), new($"{p.Name}: round trip, median", Median(p.RoundTrips.SelectMany(r => r)), "ms"), new($"{p.Name}: round trip, 99th percentile", At(p.RoundTrips.SelectMany(r => r), 0.99), "ms"),
            }),
            // Of what was measured one after the other: the machine's other work changes from round to round.
            new($"TCP, {Nested} / {Direct}, median of {Rounds}", Median(paths[1].Throughputs.Zip(paths[0].Throughputs, (n, d) => n / d)), "x", 1),
            new($"round trip, {Direct} / {Nested}, median of {Rounds}", Median(paths[0].RoundTrips.Zip(paths[1].RoundTrips, (d, n) => Median(d) / Median(n))), "x", 1),
        ]);
    }

    private static async Task RequireVxlanAsync(TwoHosts hosts)
    {
        try
        {
            await TwoHosts.RunAsync(hosts.AddNamespace(), "ip", "link", "add", "vxlan0", "type", "vxlan", "id", "42", "dstport", "4789");
        }
        catch (InvalidOperationException e)
        {
            throw new CaseSkippedException($"the kernel makes no VXLAN interfaces: {e.Message}");
        }
    }

    private static async Task<PodPath> DirectAsync(TwoHosts hosts)
    {
        (NetworkNamespace from, _) = await hosts.AddGuestAsync(0);
        (NetworkNamespace to, string address) = await hosts.AddGuestAsync(1);
        return new(Direct, from, to, address);
    }

    /// <summary>A machine on each host, and in each machine a pod behind it, routed through a VXLAN of the kernel's between the machines.</summary>
    private static async Task<PodPath> NestedAsync(TwoHosts hosts)
    {
        const int mtu = TwoHosts.Mtu - 50;
        (NetworkNamespace Namespace, string Address)[] machines = [await hosts.AddGuestAsync(0), await hosts.AddGuestAsync(1)];
        NetworkNamespace[] pods = [hosts.AddNamespace(), hosts.AddNamespace()];
        for (int i = 0; i < machines.Length; i++)
        {
            (NetworkNamespace machine, string local) = machines[i];
            string[][] commands =
            [
                ["ip", "link", "add", "vxlan0", "mtu", $"{mtu}", "type", "vxlan", "id", "42", "dstport", "4789", "local", local, "remote", machines[1 - i].Address, "dev", "eth0"],
                ["ip", "addr", "add", $"10.244.255.{i + 1}/24", "dev", "vxlan0"],
                ["ip", "link", "set", "vxlan0", "up"],
                ["ip", "link", "add", "pod0", "mtu", $"{mtu}", "type", "veth", "peer", "name", "eth0", "mtu", $"{mtu}", "netns", Namespaces.PathOf(pods[i])],
                ["ip", "addr", "add", $"10.244.{i}.1/24", "dev", "pod0"],
                ["ip", "link", "set", "pod0", "up"],
                ["ip", "route", "add", $"10.244.{1 - i}.0/24", "via", $"10.244.255.{2 - i}"],
                ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
            ];
            foreach (string[] command in commands) await TwoHosts.RunAsync(machine, command);
            await TwoHosts.RunAsync(pods[i], "ip", "addr", "add", $"10.244.{i}.2/24", "dev", "eth0");
            await TwoHosts.RunAsync(pods[i], "ip", "link", "set", "eth0", "up");
            await TwoHosts.RunAsync(pods[i], "ip", "route", "add", "default", "via", $"10.244.{i}.1");
        }

        return new(Nested, pods[0], pods[1], "10.244.1.2");
    }

    private static Daemon Serve(PodPath path) => Daemon.Start("nsenter", $"--net={Namespaces.PathOf(path.To)}", "iperf3", "--server");

    private static async Task MeasureAsync(PodPath path)
    {
        string pings = await TwoHosts.RunAsync(path.From, "ping", "-n", "-c", $"{Pings}", "-i", "0.005", "-W", "2", path.Address);
        path.RoundTrips.Add([.. RoundTrip().Matches(pings).Select(m => double.Parse(m.Groups["ms"].Value, CultureInfo.InvariantCulture))]);
        JsonNode told = JsonNode.Parse(await TwoHosts.RunAsync(path.From, "iperf3", "--client", path.Address, "--time", $"{Seconds}", "--json"))!;
        path.Throughputs.Add(told["end"]!["sum_received"]!["bits_per_second"]!.GetValue<double>() / 1e9);
    }

    private static double Median(IEnumerable<double> values) => At(values, 0.5);

    private static double At(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Ceiling(part * sorted.Length) - 1];
    }

    [GeneratedRegex(@"time=(?<ms>[0-9.]+) ms", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RoundTrip();

    /// <summary>A way from one pod to another, and what was measured on it.</summary>
    private sealed record PodPath(string Name, NetworkNamespace From, NetworkNamespace To, string Address)
    {
        /// <summary>Of each round.</summary>
        public List<double> Throughputs { get; } = [];

        /// <summary>Of each round.</summary>
        public List<double[]> RoundTrips { get; } = [];
    }
}
