import pytest

from benchctl.errors import BenchError
from benchctl.twin.vm.launcher import VmLauncher
from benchctl.twin.vm.messages import (
    ApiObject,
    CompileError,
    Done,
    Frame,
    Manifest,
    NativeCall,
    Opaque,
    Printed,
    Uncaught,
    methods,
)


def test_a_call_of_the_api_waits_for_its_reply(bench):
    vm = bench.boot('local n = hardware.uart1.write("abc", 2);\nhardware.echo(n + 1);')
    assert vm.run_main() == NativeCall(ApiObject("hardware.uart1"), "write", ("abc", 2))
    call = vm.reply(3)
    assert (call.path, call.args) == ("hardware.echo", (4,))
    assert vm.reply() == Done()


def test_what_the_api_throws_can_be_caught_or_not(bench):
    vm = bench.boot("try { hardware.micros() } catch (e) { server.log(e.code) }\nhardware.uart1.write(1);")
    vm.run_main()
    assert vm.throw({"code": 7}).args == ("7",)
    vm.reply()
    event = vm.throw("not\0configured")
    assert event == Uncaught("not\0configured", "not\0configured", (Frame("main", "device_code", 2),))


def test_absent_slots(bench):
    assert bench.evaluate("hardware.usb") == "threw the index 'usb' does not exist"
    assert bench.evaluate('"usb" in hardware') == "false"
    assert bench.evaluate('"uart1" in hardware && "write" in hardware.uart1') == "true"
    assert bench.evaluate("hardware.uart1 == hardware.uart1") == "true"


def test_constants_and_saved_data(bench):
    vm = bench.boot(
        "nv.boots++; server.log(DIGITAL_OUT);", constants={"DIGITAL_OUT": 5, "nv": {"boots": 1, "k": "\0"}}
    )
    assert bench.carry_on(vm, vm.run_main()) == Done()
    assert bench.log == ["5"]
    assert vm.read_global("nv") == {"boots": 2, "k": "\0"}
    assert vm.read_global("absent", default="none") == "none"


def test_a_global_that_contains_itself_cannot_be_read(bench):
    vm = bench.boot("nv <- {}; nv.nv <- nv;")
    vm.run_main()
    with pytest.raises(ValueError, match=r"nv: .*contains itself"):
        vm.read_global("nv")


def test_timers_and_callbacks(bench):
    code = """
    local count = 0;
    function tick(n) {
        count += n;
        server.log("tick " + count);
    }
    timer <- imp.wakeup(0.5, tick);
    """
    vm = bench.boot(code)
    call = vm.run_main()
    assert vm.reply(ApiObject("timer", 9)) == Done()
    tick = call.args[1]
    for n in (3, 4):
        assert bench.carry_on(vm, vm.run_callback(tick, [n])) == Done()
    assert bench.log == ["tick 3", "tick 7"]
    assert vm.read_global("timer") == ApiObject("timer", 9)
    vm.release(tick)
    with pytest.raises(BenchError, match="KeyError"):
        vm.run_callback(tick, [1])


def test_objects_made_at_run_time_have_methods(bench):
    vm = bench.boot("local a = imp.wakeup(1, null), b = imp.wakeup(2, null); b.cancel(); a.cancel(a);")
    vm.run_main()
    vm.reply(ApiObject("timer", 1))
    assert vm.reply(ApiObject("timer", 2)) == NativeCall(ApiObject("timer", 2), "cancel", ())
    assert vm.reply() == NativeCall(ApiObject("timer", 1), "cancel", (ApiObject("timer", 1),))


def test_a_method_without_its_object(bench):
    bench.answers["imp.wakeup"] = lambda *_: ApiObject("timer", 1)
    assert bench.evaluate("(@(cancel) cancel())(imp.wakeup(1, null).cancel)") == "threw wrong context object"


def test_a_callback_has_the_root_table_as_this_unless_bound(bench):
    code = """
    class A {
        name = "a";
        function wait() { imp.wakeup(1, report.bindenv(this)) }
        function report() { server.log(name) }
    }
    name <- "root";
    A().wait();
    imp.wakeup(2, @() server.log(name));
    """
    vm = bench.boot(code)
    bench.carry_on(vm, vm.run_main())
    for call in bench.calls:
        bench.carry_on(vm, vm.run_callback(call.args[1]))
    assert bench.log == ["a", "root"]


def test_print_and_error(bench):
    vm = bench.boot('print("a\\x00z"); error(1.5);')
    assert vm.run_main() == Printed("a\0z", error=False)
    assert vm.resume() == Printed("1.5", error=True)
    assert vm.resume() == Done()


def test_an_uncaught_error_tells_where_it_was_raised(bench, capfd):
    code = """function a() {
        throw {x = 1};
    }
    function b() { a(); }

    [1].map(function(x) { b.acall([this]); });"""
    event = bench.run(code)
    assert isinstance(event.error, Opaque)
    assert [frame.line for frame in event.stack] == [2, 4, 6, 6]
    assert [frame.function for frame in event.stack] == ["a", "b", "unknown", "main"]
    assert capfd.readouterr() == ("", "")


def test_an_earlier_caught_error_does_not_confuse_a_later_one(bench):
    code = 'function f() { throw "x" }\ntry { f() } catch (e) {}\ntry { f() } catch (e) {\n  throw e;\n}'
    assert bench.run(code).stack == (Frame("main", "device_code", 4),)


def test_a_handler_gets_the_thrown_value_itself(bench):
    vm = bench.boot("function handler(e) { server.log(e.x) }\nimp.wakeup(0, handler); throw {x = 5};")
    handler = vm.run_main().args[1]
    event = vm.reply()
    assert bench.carry_on(vm, vm.run_callback(handler, [event.error])) == Done()
    assert bench.log == ["5"]


def test_a_compile_error_has_its_place_and_prints_nothing(bench, capfd):
    event = bench.run("local ok = 1;\nlocal x = ;\n")
    assert event == CompileError("expression expected", "device_code", 2, 12)
    assert capfd.readouterr() == ("", "")


def test_closing_ends_device_code_at_once(bench):
    vm = bench.boot("try { imp.reset() } catch (e) { server.log(e) } server.log(1)")
    vm.run_main()
    vm.close()
    vm.close()
    assert vm.ended
    with pytest.raises(RuntimeError, match="the VM has ended"):
        vm.reply()


def test_each_boot_is_fresh(bench):
    assert bench.run("left <- 1") == Done()
    assert bench.evaluate('"left" in getroottable()') == "false"


def test_several_imps_at_once(bench):
    one, other = bench.boot("hardware.echo(1)"), bench.boot("hardware.echo(2)")
    assert other.run_main().args == (2,)
    assert one.run_main().args == (1,)
    assert one.reply() == other.reply() == Done()


def test_what_is_out_of_turn_is_refused(bench):
    vm = bench.boot("print(1); hardware.micros()")
    with pytest.raises(RuntimeError, match="no device code is running"):
        vm.reply(1)
    vm.run_main()
    with pytest.raises(RuntimeError, match="after a print"):
        vm.run_main()
    vm.resume()
    with pytest.raises(RuntimeError, match="waits for its answer"):
        vm.resume()


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (Manifest(objects={"imp.net": {}}), "imp.net but not imp"),
        (Manifest(objects={"timer": {}}, kinds={"timer": {}}), "both as object and as kind"),
    ],
)
def test_a_manifest_that_makes_no_sense(launcher, manifest, message):
    with pytest.raises(ValueError, match=message):
        launcher.boot(manifest, [("device_code", "")])


def test_vms_end_after_their_launcher():
    launcher = VmLauncher()
    vm = launcher.boot(
        Manifest(objects={"hardware": methods("micros")}), [("device_code", "hardware.micros()")]
    )
    vm.run_main()
    launcher.close()
    vm.close()
    with pytest.raises(BenchError, match="has died"):
        launcher.boot(Manifest(), [])


def test_nested_objects(launcher):
    manifest = Manifest(
        objects={"imp": methods("info"), "imp.net": methods("open"), "imp.net.wifi": methods("scan")}
    )
    with launcher.boot(manifest, [("device_code", "imp.net.wifi.scan(imp.net)")]) as vm:
        assert vm.run_main() == NativeCall(ApiObject("imp.net.wifi"), "scan", (ApiObject("imp.net"),))
