using System.Net.Sockets;
using Tenon.Nodes.Netlink;

namespace Tenon.Nodes.Tests.Support;

/// <summary>
/// A node: a network namespace with the real Open vSwitch (userspace datapath) and the real OVN, whose northbound database a test writes as Neutron would.
/// One database server serves all three databases.
/// </summary>
public sealed partial class OvnNode : IAsyncDisposable
{
    private const string Version = "/usr/share/openvswitch/vswitch.ovsschema";
    private const string Northbound = "/usr/share/ovn/ovn-nb.ovsschema";
    private const string Southbound = "/usr/share/ovn/ovn-sb.ovsschema";
    private static readonly string[] Needed = ["ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovn-nbctl", "ovn-northd", "ovn-controller", "nsenter", "ip"];
    private readonly List<Daemon> _daemons = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("tn-").FullName;
    private Daemon? _database;
    private Daemon? _controller;
    private Daemon? _switch;
    private int _pods;

    /// <summary>The socket of the databases.</summary>
    public string Socket => Path.Combine(_folder, "db.sock");

    /// <summary>A folder that goes with the node.</summary>
    public string Folder => _folder;

    /// <summary>The node's namespace.</summary>
    internal NetworkNamespace Host { get; private set; } = null!;

    private static string? WhyNot
        => Namespaces.WhyNot ?? Needed.Where(n => Programs.Find(n) is null).Select(n => $"{n} is not installed (packages openvswitch-switch, ovn-central, ovn-host)").FirstOrDefault();

    /// <summary>Starts it, where it can be.</summary>
    public async ValueTask InitializeAsync()
    {
        if (WhyNot is not null) return;
        Host = Namespaces.Create();
        foreach ((string name, string schema) in new[] { ("conf", Version), ("nb", Northbound), ("sb", Southbound) })
            await Programs.RunAsync("ovsdb-tool", "create", Path.Combine(_folder, $"{name}.db"), schema);
        await StartDatabaseAsync();
        string remote = $"unix:{Socket}";
        await VsctlAsync("--no-wait", "init", "--", "set", "Open_vSwitch", ".", "external-ids:system-id=node", "external-ids:hostname=node", $"external-ids:ovn-remote={remote}",
            "external-ids:ovn-encap-type=geneve", "external-ids:ovn-encap-ip=127.0.0.1", "external-ids:ovn-bridge-datapath-type=netdev",
            "other_config:n-handler-threads=1", "other_config:n-revalidator-threads=1");
        await StartSwitchAsync();
        await VsctlAsync("add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=netdev", "fail-mode=secure");
        await VsctlAsync("add-br", "br-trunk", "--", "set", "Bridge", "br-trunk", "datapath_type=netdev");
        _daemons.Add(Daemon.Start("env", [$"OVN_RUNDIR={_folder}", "ovn-northd", $"--ovnnb-db={remote}", $"--ovnsb-db={remote}", "-vsyslog:off", "-vconsole:warn", $"--unixctl={_folder}/northd.ctl"]));
        // The southbound database is filled before the controller reads it: this version's dies on an empty one at times.
        await NbctlAsync("--wait=sb", "ls-add", "net");
        await StartControllerAsync();
    }

    /// <summary>Skips the caller where there is no such node.</summary>
    public void Require()
    {
        if (WhyNot is { } why) Limits.Skip(why);
        foreach (Daemon daemon in _daemons) daemon.MustRun();
        _switch?.MustRun();
        _controller?.MustRun();
    }

    /// <summary>Makes a port of the network as Neutron would, and returns its ID and addresses.</summary>
    public async Task<(string Id, string Mac, string V4, string V6)> AddPortAsync()
    {
        int number = Interlocked.Increment(ref _pods) + 10;
        string id = Guid.NewGuid().ToString(), mac = $"fa:16:3e:00:00:{number:x2}", v4 = $"10.1.0.{number}", v6 = $"fd00:1::{number:x}";
        await NbctlAsync("lsp-add", "net", id, "--", "lsp-set-addresses", id, $"{mac} {v4} {v6}");
        return (id, mac, v4, v6);
    }

    /// <summary>Changes the switch's configuration.</summary>
    public Task<string> VsctlAsync(params string[] arguments) => Programs.RunAsync("ovs-vsctl", [$"--db=unix:{Socket}", "--timeout=30", .. arguments]);

    /// <summary>Changes the network.</summary>
    public Task<string> NbctlAsync(params string[] arguments) => Programs.RunAsync("ovn-nbctl", [$"--db=unix:{Socket}", "--timeout=30", .. arguments]);

    /// <summary>The switch's interfaces of pods.</summary>
    public async Task<string[]> PodInterfacesAsync()
        => (await VsctlAsync("--bare", "--columns=name", "find", "Interface", "external_ids:tenon-container!=\"\"")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Ends the database server at once and starts it anew; what was written stays.</summary>
    public async Task RestartDatabaseAsync()
    {
        await StopDatabaseAsync();
        await StartDatabaseAsync();
    }

    /// <summary>Ends the database server at once.</summary>
    public async Task StopDatabaseAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        _database = null;
    }

    /// <summary>Starts the database server.</summary>
    public async Task StartDatabaseAsync()
    {
        _database = Daemon.Start("ovsdb-server", $"{_folder}/conf.db", $"{_folder}/nb.db", $"{_folder}/sb.db", $"--remote=punix:{Socket}", $"--unixctl={_folder}/ovsdb.ctl", "-vsyslog:off", "-vconsole:warn");
        await Limits.UntilAsync("the databases are served", () =>
        {
            _database.MustRun();
            return File.Exists($"{_folder}/ovsdb.ctl") && Answers(Socket);
        });
    }

    /// <summary>Whether somebody listens there: the file alone may be left from one that was killed.</summary>
    private static bool Answers(string path)
    {
        using var socket = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Ends the switch at once; its database stays.</summary>
    public async Task StopSwitchAsync()
    {
        if (_switch is not null) await _switch.DisposeAsync();
        _switch = null;
    }

    /// <summary>Starts the switch; when this returns, it answers.</summary>
    public async Task StartSwitchAsync()
    {
        const string control = "ovs-vswitchd.*.ctl";
        foreach (string left in Directory.EnumerateFiles(_folder, control).ToArray()) File.Delete(left);
        _switch = Daemon.Start("env", $"OVS_RUNDIR={_folder}", $"OVN_RUNDIR={_folder}", "nsenter", $"--net={Namespaces.PathOf(Host)}", "ovs-vswitchd", $"unix:{Socket}", "-vsyslog:off", "-vconsole:warn");
        await Limits.UntilAsync("the switch answers", () =>
        {
            _switch.MustRun();
            return Directory.EnumerateFiles(_folder, control).Any(Answers);
        });
    }

    /// <summary>Ends OVN's controller: ports that come have no flows until it is back.</summary>
    public async Task StopControllerAsync()
    {
        if (_controller is not null) await _controller.DisposeAsync();
        _controller = null;
    }

    /// <summary>Starts OVN's controller; when this returns, it is connected to the southbound database.</summary>
    public async Task StartControllerAsync()
    {
        const int attempts = 5;
        for (int attempt = 1; ; attempt++)
        {
            foreach (string left in Directory.EnumerateFiles(_folder, "ovn-controller.*.ctl").ToArray()) File.Delete(left);
            _controller = Daemon.Start("env", $"OVS_RUNDIR={_folder}", $"OVN_RUNDIR={_folder}", "nsenter", $"--net={Namespaces.PathOf(Host)}", "ovn-controller", $"unix:{Socket}",
                "-vsyslog:off", "-vconsole:warn");
            Daemon started = _controller;
            await Limits.UntilAsync("OVN's controller is connected", async () => started.HasEnded || await IsConnectedAsync());
            if (!started.HasEnded) return;
            if (attempt == attempts) started.MustRun();
            await started.DisposeAsync();
        }
    }

    private async Task<bool> IsConnectedAsync()
    {
        if (Directory.EnumerateFiles(_folder, "ovn-controller.*.ctl").FirstOrDefault() is not { } control) return false;
        try
        {
            return (await Programs.RunAsync("ovs-appctl", "-t", control, "connection-status")).Trim() == "connected";
        }
        catch (InvalidOperationException)
        {
            // It ended while it was asked, or does not listen yet.
            return false;
        }
    }

    /// <summary>Sends a packet from one namespace and waits for its answer.</summary>
    internal static Task PingAsync(NetworkNamespace from, string address)
        => Programs.RunAsync("nsenter", $"--net={Namespaces.PathOf(from)}", "ping", "-c", "1", "-W", "5", address);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (WhyNot is null)
        {
            await StopControllerAsync();
            foreach (Daemon daemon in _daemons) await daemon.DisposeAsync();
            await StopSwitchAsync();
            await StopDatabaseAsync();
            Host.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
