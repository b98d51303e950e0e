using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Network.Contracts;
using Tenon.Nodes.Cni;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Agent;

/// <summary>
/// The agent of one node: plugs its pods for the container runtime, reports what is plugged and whether it can, and cleans up. It serves the runtime from
/// the first moment, whether the API server answers or not: what is plugged can always be unplugged.
/// </summary>
public sealed partial class NodeAgent : IAsyncDisposable
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(5);
    private readonly NodeAgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NetworkNamespace _host;
    private readonly PodPlugs _plugs;
    private readonly Informer<PodPort> _informer;
    private readonly PodPorts _ports;
    private readonly Controller _controller;
    private readonly CniServer _server;
    private readonly Sweeper _sweeper;
    private readonly Restorer _restorer;
    private readonly NodeReporter _reporter;
    private readonly Installer? _installer;
    private readonly AttachmentBook _book;
    private volatile string? _whyNotReady = "the agent has just started";

    /// <summary>Puts the agent of the namespace that the calling thread is in together. Nothing runs yet.</summary>
    /// <exception cref="IOException">The folder of what is remembered cannot be used.</exception>
    public NodeAgent(NodeAgentOptions options, KubernetesClient client, TimeProvider time, ILoggerFactory loggers)
        : this(options, client, NetworkNamespace.Current(), time, loggers)
    {
    }

    internal NodeAgent(NodeAgentOptions options, KubernetesClient client, NetworkNamespace host, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _host, _time, _logger) = (options, host, time, loggers.CreateLogger<NodeAgent>());
        _plugs = new PodPlugs(new(options.DatabaseSocket, options.IntegrationBridge, options.TrunkBridge, options.OvnFolder, options.NamespaceFolder), host, time);
        _book = AttachmentBook.Open(options.StateFolder, _logger);
        _informer = new Informer<PodPort>(client, new() { LabelSelector = $"{NetworkNames.NodeLabel}={NetworkNames.NodeLabelValue(options.NodeName)}" },
            time, loggers.CreateLogger<Informer<PodPort>>());
        _ports = new PodPorts(_informer);
        var attacher = new Attacher(_plugs, _book, pod => _controller?.Enqueue(pod), loggers.CreateLogger<Attacher>());
        _controller = new Controller("pod-ports", new PortReconciler(client, _informer, _book, attacher, stopped => _sweeper!.UntilLookedAsync(stopped), time, loggers.CreateLogger<PortReconciler>()),
                new() { Workers = 8, ResyncPeriod = options.SweepPeriod }, time, loggers.CreateLogger<Controller>())
            .Watches(_informer)
            .Resyncs(() => _book.All.Where(a => a.PodName.Length > 0).Select(a => a.Pod).Distinct());
        var service = new CniService(_ports, attacher, ReadinessAsync, options.Patience, time, loggers.CreateLogger<CniService>());
        _server = new CniServer(options.Socket, service.AnswerAsync, time, loggers.CreateLogger<CniServer>());
        _sweeper = new Sweeper(_informer, _book, attacher, loggers.CreateLogger<Sweeper>());
        _restorer = new Restorer(_informer, _book, attacher, loggers.CreateLogger<Restorer>());
        _reporter = new NodeReporter(client, options.NodeName, time, loggers.CreateLogger<NodeReporter>());
        if (options.Plugin is { } plugin) _installer = new Installer(plugin, options.PluginFolder, options.ConfigurationFolder, options.Socket, options.Chain);
    }

    /// <summary>Runs until cancelled.</summary>
    /// <param name="health">Serves health and metrics; <see langword="null"/> serves none. It is disposed at the end.</param>
    /// <param name="cancellationToken">Ends the agent; what is plugged stays plugged.</param>
    /// <exception cref="IOException">Another agent runs on this node, or the socket cannot be made.</exception>
    public async Task RunAsync(HealthServer? health, CancellationToken cancellationToken)
    {
        health?.AddReadiness(new HealthCheck("plugging", () => _whyNotReady));
        using Socket listener = _server.Listen();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task serving = _server.RunAsync(listener, stop.Token);
        Task readiness = WatchReadinessAsync(stop.Token);
        var host = new ControllerHost(
            new ControllerHostOptions
            {
                Informers = [_informer],
                Controllers = [_controller],
                LeaderTasks = [SweepAsync],
                HealthServer = health,
                // An API server that is away for long is no reason to stop serving the runtime.
                CacheSyncTimeout = Timeout.InfiniteTimeSpan,
            },
            _time);
        Task controlling = host.RunAsync(stop.Token);
        // Whichever ends first ends all: by the caller's wish, or by a failure that is then told.
        await Task.WhenAny(serving, readiness, controlling);
        await stop.CancelAsync();
        await Task.WhenAll(serving, readiness, controlling);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        _ports.Dispose();
        _controller.Dispose();
        await _plugs.DisposeAsync();
        _host.Dispose();
    }

    private async Task<string?> ReadinessAsync(CancellationToken cancellationToken)
    {
        if (!_informer.HasSynced) return $"the API server has not been heard yet{(_informer.Problem is { } problem ? $": {problem}" : "")}";
        try
        {
            return await _plugs.WhyNotReadyAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return $"it cannot be told whether pods can be plugged: {e.Message}";
        }
    }

    /// <summary>Looks whether pods can be plugged, says so on the Node, and once they can, tells the container runtime of the plugin and sees that they stay plugged.</summary>
    private async Task WatchReadinessAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _whyNotReady = await ReadinessAsync(cancellationToken);
                bool reported = await TryAsync("report readiness", () => _reporter.ReportAsync(_whyNotReady, cancellationToken), cancellationToken);
                bool installed = _whyNotReady is not null || _installer is null || await TryAsync("install the plugin", InstallAsync, cancellationToken);
                if (_whyNotReady is null) await TryAsync("give the switch back what it has lost", () => _restorer.RestoreAsync(cancellationToken), cancellationToken);
                TimeSpan pause = reported && installed ? _options.ReadinessPeriod : SoonAgain;
                await WaitAsync(pause < _options.ReadinessPeriod ? pause : _options.ReadinessPeriod, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end, as asked.
        }
    }

    /// <summary>Waits; the first news from the API server ends the first wait.</summary>
    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        Task elapsed = Task.Delay(pause, _time, cancellationToken);
        await (_informer.HasSynced ? elapsed : await Task.WhenAny(elapsed, _informer.WaitForSyncAsync(cancellationToken)));
    }

    private Task InstallAsync()
    {
        foreach (string path in _installer!.Install()) LogInstalled(path);
        return Task.CompletedTask;
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            bool clean = false;
            await TryAsync("clean up", async () =>
            {
                IReadOnlyList<string> problems = await _sweeper.SweepAsync(cancellationToken);
                foreach (string problem in problems) LogUnswept(problem);
                clean = problems.Count == 0;
            }, cancellationToken);
            await Task.Delay(clean || _options.SweepPeriod < SoonAgain ? _options.SweepPeriod : SoonAgain, _time, cancellationToken);
        }
    }

    private async Task<bool> TryAsync(string what, Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogFailed(what, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Installed {Path}")]
    private partial void LogInstalled(string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot {What}, and tries again: {Message}")]
    private partial void LogFailed(string what, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Something could not be cleaned up, and is tried again: {Problem}")]
    private partial void LogUnswept(string problem);
}
