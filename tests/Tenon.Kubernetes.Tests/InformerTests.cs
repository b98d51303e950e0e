using System.Text.Json.Nodes;
using FsCheck.Fluent;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Tests;

public sealed class InformerTests
{
    private static string Path(int i) => $"/api/v1/namespaces/default/configmaps/map-{i}";

    private static JsonObject Body(string value) => new() { ["data"] = new JsonObject { ["v"] = value } };

    private static InformerOptions<ConfigMap> Fast(int page = 500) => new()
    {
        PageSize = page,
        MinBackoff = TimeSpan.FromMilliseconds(1),
        MaxBackoff = TimeSpan.FromMilliseconds(5),
        Indexes = new Dictionary<string, Func<ConfigMap, IEnumerable<string>>> { ["value"] = m => m.Data.Values },
    };

    private sealed class World : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task _running = Task.CompletedTask;

        public required TinyServer Server { get; init; }

        public required ScriptedApi Api { get; init; }

        public required KubernetesClient Client { get; init; }

        public required Informer<ConfigMap> Informer { get; init; }

        public List<string> Told { get; } = [];

        /// <summary>What a reader that only listens would believe.</summary>
        public Dictionary<NamespacedName, string> Believed { get; } = [];

        public List<string> Contradictions { get; } = [];

        public static async Task<World> StartAsync(TinyServer server, InformerOptions<ConfigMap> options, bool run = true)
        {
            ScriptedApi api = await ScriptedApi.StartAsync(server.AnswerAsync);
            KubernetesClient client = api.Client();
            var world = new World { Server = server, Api = api, Client = client, Informer = new Informer<ConfigMap>(client, options) };
            world.Informer.Subscribe(world.Hear);
            if (run) world.Run();
            return world;
        }

        public void Run() => _running = Informer.RunAsync(_stop.Token);

        public bool IsEqual() => Server.Snapshot().Values.Order().SequenceEqual(Informer.List().Select(m => m.Metadata.ResourceVersion).Order());

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
            Client.Dispose();
            await Api.DisposeAsync();
        }

        private void Hear(InformerChange<ConfigMap> change)
        {
            lock (Told)
            {
                ConfigMap now = change.Current;
                switch (change)
                {
                    case InformerChange<ConfigMap>.Added a:
                        Told.Add($"+{now.Metadata.Name}{(a.IsInitial ? " initial" : "")}");
                        if (!Believed.TryAdd(change.Key, now.Metadata.ResourceVersion)) Contradictions.Add($"{change.Key} was added twice");
                        break;
                    case InformerChange<ConfigMap>.Updated u:
                        Told.Add($"~{now.Metadata.Name}");
                        if (Believed.GetValueOrDefault(change.Key) != u.Old.Metadata.ResourceVersion) Contradictions.Add($"{change.Key} changed from an unknown version");
                        Believed[change.Key] = now.Metadata.ResourceVersion;
                        break;
                    default:
                        Told.Add($"-{now.Metadata.Name}");
                        if (!Believed.Remove(change.Key)) Contradictions.Add($"{change.Key} was deleted but not there");
                        break;
                }
            }
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task The_first_list_is_read_page_by_page_and_told_as_initial()
    {
        var server = new TinyServer();
        for (int i = 0; i < 5; i++) server.Put(Path(i), Body("x"));
        await using World world = await World.StartAsync(server, Fast(page: 2));
        await world.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);
        server.Lists.ShouldBe(3);
        world.Told.Order().ShouldBe(["+map-0 initial", "+map-1 initial", "+map-2 initial", "+map-3 initial", "+map-4 initial"]);
        world.Informer.Get(new("default", "map-3"))!.Data["v"].ShouldBe("x");
        world.Informer.Get(new("default", "map-9")).ShouldBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task Changes_are_told_in_order_with_the_old_object_and_indexes_follow()
    {
        var server = new TinyServer();
        server.Put(Path(1), Body("red"));
        await using World world = await World.StartAsync(server, Fast());
        await world.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);
        world.Informer.Find("value", "red").Single().Metadata.Name.ShouldBe("map-1");
        IReadOnlyCollection<ConfigMap> before = world.Informer.List();
        server.Put(Path(1), Body("blue"));
        server.Put(Path(2), Body("blue"));
        server.Delete(Path(1));
        await Waiting.UntilAsync(() => world.Told.Count == 4);
        world.Told.ShouldBe(["+map-1 initial", "~map-1", "+map-2", "-map-1"]);
        world.Informer.Find("value", "red").ShouldBeEmpty();
        world.Informer.Find("value", "blue").Single().Metadata.Name.ShouldBe("map-2");
        before.Single().Data["v"].ShouldBe("red", "a snapshot does not change");
        Should.Throw<ArgumentException>(() => world.Informer.Find("nothing", "x"));
    }

    [Theory(Timeout = 20_000)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_broken_watch_goes_on_where_it_was(bool midLine, bool error)
    {
        var server = new TinyServer();
        server.Put(Path(1), Body("a"));
        await using World world = await World.StartAsync(server, Fast());
        await Waiting.UntilAsync(() => server.Watches == 1);
        server.Put(Path(2), Body("b"));
        server.Drop(midLine, error);
        server.Put(Path(3), Body("c"));
        server.Delete(Path(1));
        await Waiting.UntilAsync(() => world.IsEqual() && world.Told.Count == 4);
        world.Contradictions.ShouldBeEmpty();
        if (!error) server.Lists.ShouldBe(1, "a broken connection needs no new list");
    }

    [Theory(Timeout = 20_000)]
    [InlineData("Http")]
    [InlineData("ErrorEvent")]
    public async Task A_version_that_is_too_old_leads_to_a_new_list_and_its_differences(string how)
    {
        var server = new TinyServer { TooOld = Enum.Parse<TooOld>(how) };
        for (int i = 0; i < 3; i++) server.Put(Path(i), Body("a"));
        int refuse = 0;
        server.Intercept = async context =>
        {
            // While the watch is away, the world changes and its history is lost.
            if (!context.Request.Query.ContainsKey("watch") || Interlocked.Exchange(ref refuse, 0) == 0) return false;
            server.Delete(Path(0));
            server.Put(Path(1), Body("b"));
            server.Delete(Path(2));
            server.Put(Path(2), Body("born again"));
            server.Put(Path(3), Body("new"));
            server.Compact();
            await ScriptedApi.StatusAsync(context, 500, "InternalError");
            return true;
        };
        await using World world = await World.StartAsync(server, Fast(page: 2));
        await Waiting.UntilAsync(() => server.Watches == 1);
        Interlocked.Exchange(ref refuse, 1);
        server.Drop();
        await Waiting.UntilAsync(() => server.Lists >= 4 && world.IsEqual());
        world.Contradictions.ShouldBeEmpty();
        world.Told.Skip(3).Order().ShouldBe(["+map-2", "+map-3", "-map-0", "-map-2", "~map-1"]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Bookmarks_spare_a_new_list_after_the_history_is_lost()
    {
        var server = new TinyServer { Bookmarks = true };
        server.Put(Path(1), Body("a"));
        await using World world = await World.StartAsync(server, Fast());
        await Waiting.UntilAsync(() => server.Watches == 1);
        server.Put("/api/v1/namespaces/other/secrets/s-1", Body("b")); // moves the version, and the bookmark tells
        server.Drop();
        await Waiting.UntilAsync(() => server.Watches >= 2);
        server.Lists.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task Deletions_are_derived_only_after_all_pages()
    {
        var server = new TinyServer();
        for (int i = 0; i < 6; i++) server.Put(Path(i), Body("a"));
        int pages = 0;
        server.Intercept = async context =>
        {
            if (context.Request.Query.ContainsKey("watch") || Interlocked.Increment(ref pages) != 2) return false;
            await ScriptedApi.StatusAsync(context, 410, "Expired", "The provided continue parameter is too old");
            return true;
        };
        await using World world = await World.StartAsync(server, Fast(page: 2));
        await world.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);
        world.Told.Count.ShouldBe(6);
        world.Told.ShouldAllBe(t => t.StartsWith('+'));
    }

    [Fact(Timeout = 20_000)]
    public async Task Trouble_is_reported_and_ends_with_it()
    {
        var server = new TinyServer();
        bool down = true;
        server.Intercept = async context =>
        {
            if (!down) return false;
            await ScriptedApi.StatusAsync(context, 403, "Forbidden", "may not list");
            return true;
        };
        await using World world = await World.StartAsync(server, Fast());
        await Waiting.UntilAsync(() => world.Informer.Problem is not null);
        world.Informer.Problem!.ShouldContain("may not list");
        world.Informer.HasSynced.ShouldBeFalse();
        down = false;
        await world.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);
        world.Informer.Problem.ShouldBeNull();
        world.Informer.LastContact.ShouldNotBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_handler_that_throws_harms_nobody_and_a_late_one_hears_what_is_there()
    {
        var server = new TinyServer();
        server.Put(Path(1), Body("a"));
        await using World world = await World.StartAsync(server, Fast() with { Transform = m => m with { Data = new Dictionary<string, string>() } }, run: false);
        world.Informer.Subscribe(_ => throw new InvalidOperationException("a handler's fault"));
        world.Run();
        await world.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);
        var late = new List<InformerChange<ConfigMap>>();
        using (world.Informer.Subscribe(late.Add)) late.Single().ShouldBeOfType<InformerChange<ConfigMap>.Added>().IsInitial.ShouldBeTrue();
        server.Put(Path(2), Body("b"));
        await Waiting.UntilAsync(() => world.Told.Count == 2);
        late.Count.ShouldBe(1, "a subscription that ended hears no more");
        world.Informer.List().ShouldAllBe(m => m.Data.Count == 0, "the transform shrinks what is kept");
    }

    [Fact(Timeout = 120_000)]
    public async Task After_any_sequence_of_misfortunes_the_cache_equals_the_server()
    {
        var step = Gen.Choose(0, 9).SelectMany(what => Gen.Choose(0, 6).Select(which => (What: what, Which: which)));
        foreach (var steps in step.ListOf(25).Sample(25, 30))
        {
            string trace = string.Join(' ', steps.Select(s => $"{s.What}:{s.Which}"));
            var server = new TinyServer();
            for (int i = 0; i < 4; i++) server.Put(Path(i), Body("seed"));
            await using World world = await World.StartAsync(server, Fast(page: 2));
            int n = 0;
            foreach ((int what, int which) in steps)
            {
                switch (what)
                {
                    case 0 or 1 or 2: server.Put(Path(which), Body($"v{n++}")); break;
                    case 3: server.Delete(Path(which)); break;
                    case 4: server.Drop(); break;
                    case 5: server.Drop(midLine: true); break;
                    case 6: server.Drop(error: true); break;
                    case 7: server.Compact(); server.Drop(); break;
                    case 8: server.ExpireTokens(); server.TooOld = which % 2 == 0 ? TooOld.Http : TooOld.ErrorEvent; break;
                    default: await Waiting.UntilAsync(world.IsEqual); break;
                }
            }

            server.Put(Path(99), Body("last"));
            await Waiting.UntilAsync(() => world.IsEqual() && world.Believed.Count == world.Informer.List().Count);
            world.Contradictions.ShouldBeEmpty(trace);
            world.Believed.Values.Order().ShouldBe(server.Snapshot().Values.Order(), trace);
        }
    }
}
